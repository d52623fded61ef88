// usage: subscriber FEED REPLAY STREAM PUBLIC_KEY.pem: prints every verified body, a line each.
//
//	go build -o subscriber subscriber.go
//
// Catches up by replay, follows the feed, and ends at the first message that does not follow from the one before it or
// is not signed by the key. Ed25519 and SHA-256; libzmq by cgo, the rest is Go's own library.
package main

/*
#cgo pkg-config: libzmq
#include <stdlib.h>
#include <zmq.h>
*/
import "C"

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"unsafe"
)

type subscriber struct {
	feed, dealer unsafe.Pointer
	stream       string
	key          ed25519.PublicKey
	seq          int64
	chain        [32]byte
}

func giveUp(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}

// The frames of one message.
func receive(socket unsafe.Pointer) [][]byte {
	var frames [][]byte
	for more := true; more; {
		var message C.zmq_msg_t
		C.zmq_msg_init(&message)
		if C.zmq_msg_recv(&message, socket, 0) < 0 {
			giveUp("receive: %s", C.GoString(C.zmq_strerror(C.zmq_errno())))
		}
		frames = append(frames, C.GoBytes(C.zmq_msg_data(&message), C.int(C.zmq_msg_size(&message))))
		more = C.zmq_msg_more(&message) != 0
		C.zmq_msg_close(&message)
	}
	return frames
}

func (s *subscriber) take(body, signature []byte) {
	var message struct {
		Seq  int64  `json:"seq"`
		Prev string `json:"prev"`
	}
	if json.Unmarshal(body, &message) != nil {
		giveUp("%s/%d: not JSON", s.stream, s.seq+1)
	}
	if message.Seq > s.seq+1 { // a gap: repair it first
		s.catchUp()
	}
	if message.Seq <= s.seq { // a repetition
		return
	}
	if !ed25519.Verify(s.key, body, signature) {
		giveUp("%s/%d: not signed by this key", s.stream, s.seq+1)
	}
	if message.Seq != s.seq+1 || message.Prev != hex.EncodeToString(s.chain[:]) {
		giveUp("%s/%d: the chain is broken", s.stream, s.seq+1)
	}
	s.seq = message.Seq
	s.chain = sha256.Sum256(append(s.chain[:], body...))
	fmt.Println(string(body))
}

func (s *subscriber) catchUp() {
	for more := true; more; {
		request, _ := json.Marshal(map[string]any{"op": "replay", "stream": s.stream, "after": s.seq})
		C.zmq_send(s.dealer, unsafe.Pointer(&request[0]), C.size_t(len(request)), 0)
		frames := receive(s.dealer)
		for ; len(frames) == 3; frames = receive(s.dealer) {
			s.take(frames[1], frames[2])
		}
		var end struct{ More bool }
		json.Unmarshal(frames[0], &end)
		more = end.More
	}
}

func readKey(path string) ed25519.PublicKey {
	text, err := os.ReadFile(path)
	if err != nil {
		giveUp("%v", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		giveUp("%s is not PEM", path)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, good := parsed.(ed25519.PublicKey)
	if err != nil || !good {
		giveUp("%s is not an Ed25519 public key", path)
	}
	return key
}

func connect(context unsafe.Pointer, kind C.int, endpoint string) unsafe.Pointer {
	socket, where := C.zmq_socket(context, kind), C.CString(endpoint)
	defer C.free(unsafe.Pointer(where))
	if C.zmq_connect(socket, where) != 0 {
		giveUp("connect to %s: %s", endpoint, C.GoString(C.zmq_strerror(C.zmq_errno())))
	}
	return socket
}

func main() {
	if len(os.Args) != 5 {
		giveUp("usage: subscriber FEED REPLAY STREAM PUBLIC_KEY.pem")
	}
	context := C.zmq_ctx_new()
	s := &subscriber{stream: os.Args[3], key: readKey(os.Args[4])}
	s.feed = connect(context, C.ZMQ_SUB, os.Args[1])
	topic := C.CString(s.stream)
	C.zmq_setsockopt(s.feed, C.ZMQ_SUBSCRIBE, unsafe.Pointer(topic), C.size_t(len(s.stream)))
	C.free(unsafe.Pointer(topic))
	s.dealer = connect(context, C.ZMQ_DEALER, os.Args[2])
	for s.catchUp(); ; {
		if frames := receive(s.feed); len(frames) == 3 {
			s.take(frames[1], frames[2])
		}
	}
}
