// Package stance is the network's built-in lexical heuristic for values: it turns a short text into a vector of integers
// and says how two texts stand to each other: whether they are about the same values, and whether for or against.
//
// It is a word table with a few rules of composition (negation, verbs that take away or harm, who is meant), not an
// understanding of language: irony, euphemism and languages other than English escape it. testdata and its tests say how
// often it is right. Cosine between topics alone would put "restrict education" beside "right to education"; here the
// likeness is a relevance gate times a stance.
//
// What it promises. The same text gives the same vector on every machine and in every build: integers only, no clock, no
// random, no Unicode tables of the standard library, and a word table ([Version]) whose bytes are part of the protocol.
// Work is bounded by [MaxTextBytes]. No function panics on any input.
//
// It must not know accounts, prices or who asks. internal/stancegen made the table.
package stance
