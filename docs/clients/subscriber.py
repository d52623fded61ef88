"""usage: subscriber.py FEED REPLAY STREAM PUBLIC_KEY.pem: prints every verified body, a line each"""
import hashlib, json, sys, zmq
from cryptography.hazmat.primitives.serialization import load_pem_public_key

feed, replay, stream, key_file = sys.argv[1:5]
key = load_pem_public_key(open(key_file, "rb").read())
sub, dealer = zmq.Context.instance().socket(zmq.SUB), zmq.Context.instance().socket(zmq.DEALER)
sub.connect(feed)
sub.subscribe(stream)
dealer.connect(replay)
seq, chain = 0, bytes(32)

def take(topic, body, signature):
    global seq, chain
    message = json.loads(body)
    if message["seq"] > seq + 1:                      # a gap: repair it first
        catch_up()
    if message["seq"] <= seq:                         # a repetition
        return
    key.verify(signature, body)                       # raises InvalidSignature
    assert bytes.fromhex(message["prev"]) == chain, f"{seq + 1}: the chain is broken"
    seq, chain = message["seq"], hashlib.sha256(chain + body).digest()
    print(body.decode(), flush=True)

def catch_up():
    more = True
    while more:
        dealer.send_json({"op": "replay", "stream": stream, "after": seq})
        while len(frames := dealer.recv_multipart()) == 3:
            take(*frames)
        more = json.loads(frames[0]).get("more", False)

catch_up()
while True:
    take(*sub.recv_multipart())
