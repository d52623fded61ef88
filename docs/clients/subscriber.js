// usage: node subscriber.js FEED REPLAY STREAM PUBLIC_KEY.pem: prints every verified body, a line each.
//
//   npm install zeromq
//
// Catches up by replay, follows the feed, and ends at the first message that does not follow from the one before it or
// is not signed by the key. Ed25519 and SHA-256; Node.js 18 or newer.
const { createHash, createPublicKey, verify } = require("node:crypto");
const { readFileSync } = require("node:fs");
const zmq = require("zeromq");

const [feedAt, replayAt, stream, keyFile] = process.argv.slice(2);
const key = createPublicKey(readFileSync(keyFile));
const feed = new zmq.Subscriber({ receiveHighWaterMark: 0 }), dealer = new zmq.Dealer();
let seq = 0, chain = Buffer.alloc(32);

const take = async (topic, body, signature) => {
    const message = JSON.parse(body);
    if (message.seq > seq + 1)                       // a gap: repair it first
        await catchUp();
    if (message.seq <= seq)                          // a repetition
        return;
    if (!verify(null, body, key, signature))
        throw new Error(`${stream}/${seq + 1}: not signed by this key`);
    if (message.seq !== seq + 1 || message.prev !== chain.toString("hex"))
        throw new Error(`${stream}/${seq + 1}: the chain is broken`);
    seq = message.seq;
    chain = createHash("sha256").update(chain).update(body).digest();
    console.log(body.toString());
};

const catchUp = async () => {
    for (let more = true; more;) {
        await dealer.send(JSON.stringify({ op: "replay", stream, after: seq }));
        let frames;
        while ((frames = await dealer.receive()).length === 3)
            await take(...frames);
        more = JSON.parse(frames[0]).more === true;
    }
};

const run = async () => {
    feed.connect(feedAt);
    feed.subscribe(stream);
    dealer.connect(replayAt);
    await catchUp();
    for await (const frames of feed)
        await take(...frames);
};

run().catch((error) => {
    console.error(error.message);
    process.exit(1);
});
