// Package freeport finds ports that a program started a moment later can listen on. It must not know who listens.
package freeport
