package truth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
)

// sealInfo binds derived keys and sealed files to this use and version.
const sealInfo = "autonet/truth/v1"

const (
	keySize   = 32
	nonceSize = 12
)

// ErrSealed says that a sealed truth does not open: the salt is another, or the
// file is damaged.
var ErrSealed = errors.New("the sealed truth does not open with this salt")

// Key returns the AES-256 key of a truth: HKDF-SHA256 of the salt as input key,
// without an HKDF salt, for "autonet/truth/v1".
func Key(salt [32]byte) ([32]byte, error) {
	key, err := hkdf.Key(sha256.New, salt[:], nil, sealInfo, keySize)
	if err != nil {
		return [32]byte{}, fmt.Errorf("truth key: %w", err)
	}
	return [32]byte(key), nil
}

// Seal encrypts a document with AES-256-GCM: nonce ‖ ciphertext ‖ tag, with
// "autonet/truth/v1" as additional data. The nonce is the beginning of
// HMAC-SHA256(key, document), so that sealing again gives the same file and two
// documents under one salt do not share a nonce.
func Seal(doc []byte, salt [32]byte) ([]byte, error) {
	aead, key, err := cipherOf(salt)
	if err != nil {
		return nil, err
	}
	nonce := nonceOf(key, doc)
	return aead.Seal(nonce, nonce, doc, []byte(sealInfo)), nil
}

// Open decrypts what Seal wrote, or returns ErrSealed.
func Open(sealed []byte, salt [32]byte) ([]byte, error) {
	if len(sealed) > MaxBytes+nonceSize+aes.BlockSize {
		return nil, fmt.Errorf("%w: %d bytes are too many", ErrSealed, len(sealed))
	}
	aead, key, err := cipherOf(salt)
	if err != nil {
		return nil, err
	}
	if len(sealed) < nonceSize+aead.Overhead() {
		return nil, fmt.Errorf("%w: %d bytes are too few", ErrSealed, len(sealed))
	}
	nonce := sealed[:nonceSize]
	doc, err := aead.Open(nil, nonce, sealed[nonceSize:], []byte(sealInfo))
	if err != nil || !hmac.Equal(nonce, nonceOf(key, doc)) {
		return nil, ErrSealed
	}
	return doc, nil
}

func nonceOf(key [32]byte, doc []byte) []byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write(doc)
	return mac.Sum(nil)[:nonceSize]
}

func cipherOf(salt [32]byte) (cipher.AEAD, [32]byte, error) {
	key, err := Key(salt)
	if err != nil {
		return nil, key, err
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, key, fmt.Errorf("truth cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, key, fmt.Errorf("truth cipher: %w", err)
	}
	return aead, key, nil
}
