// Package gossip spreads small messages to every node of a network: GossipSub with peer scoring, over our own signed
// envelopes.
//
// It promises that a handler sees only messages that are within their topic's size and rate, signed for this topic of
// this network (raw topics aside) and accepted by the topic's validator, in the order of acceptance, from one goroutine;
// that nothing is forwarded before it is accepted; that peers who send what can never be valid lose score until nobody
// listens to them; and that neither a slow handler nor a slow observer holds up the network: both have bounded queues,
// and what they drop is counted.
//
// A validator answers [Reject] only for a message that can never become valid, and [Ignore] for one that is early,
// late or unknown here: a rejection costs the forwarder and the signer their standing. It must not know what payloads
// mean.
package gossip
