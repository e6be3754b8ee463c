// Package atomicfile replaces files so that a reader, or a restart after a crash, sees the whole old content or the
// whole new content and never a mixture. It must not know what the files mean.
package atomicfile
