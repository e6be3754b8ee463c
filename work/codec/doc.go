// Package codec turns tensors, training states and documents into bytes and
// back.
//
// Weights and states are safetensors files of float32 tensors, readable by every
// tool of the field; documents are deterministic CBOR, of which each content has
// exactly one encoding.
//
// What it promises: encoding is a pure function of its input; decoding never
// panics, never allocates more than a small multiple of the bytes it is given,
// and refuses duplicates, gaps, overlaps, trailing bytes and unknown fields.
//
// It must not know models, tasks, files or the network.
package codec
