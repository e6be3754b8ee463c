package abci

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	cometlog "github.com/cometbft/cometbft/libs/log"
)

const (
	repeatAfter  = 30 * time.Second // the same complaint is logged once in this time
	maxRemembers = 256              // complaints remembered
	maxLogValue  = 512              // bytes of one value
	// consensusFailure is what CometBFT says when its consensus goroutine has ended for good.
	consensusFailure = "CONSENSUS FAILURE!!!"
	// What it says when the log that it would continue from cannot be written. It goes on without, and without its votes,
	// which are signed only once they are in the log: nothing would happen any more.
	walFailure      = "Error writing msg to consensus wal"
	walFlushFailure = "Periodic WAL flush failed"
)

// logSink carries what CometBFT has to say into slog, one level down (its errors are mostly lost peers), and says the
// same thing once in a while only.
type logSink struct {
	logger *slog.Logger
	level  slog.Level
	now    func() time.Time
	failed func(error) // the consensus goroutine has ended

	mu   sync.Mutex
	said map[string]*remembered
}

type remembered struct {
	at         time.Time
	suppressed int
}

func newLogSink(logger *slog.Logger, level slog.Level, now func() time.Time, failed func(error)) *logSink {
	return &logSink{logger: logger, level: level, now: now, failed: failed, said: make(map[string]*remembered)}
}

// cometLogger is one module's end of the sink.
type cometLogger struct {
	sink   *logSink
	module string
}

// Debug implements log.Logger.
func (l cometLogger) Debug(msg string, keyvals ...any) {
	l.sink.write(slog.LevelDebug-4, l.module, msg, keyvals)
}

// Info implements log.Logger.
func (l cometLogger) Info(msg string, keyvals ...any) {
	l.sink.write(slog.LevelDebug, l.module, msg, keyvals)
}

// Warn implements log.Logger.
func (l cometLogger) Warn(msg string, keyvals ...any) {
	l.sink.write(slog.LevelInfo, l.module, msg, keyvals)
}

// Error implements log.Logger.
func (l cometLogger) Error(msg string, keyvals ...any) {
	switch {
	case msg == consensusFailure:
		l.sink.failed(fmt.Errorf("consensus has failed: %v", value(keyvals, "err")))
		return
	case strings.HasPrefix(msg, walFailure), msg == walFlushFailure:
		l.sink.failed(fmt.Errorf("the write-ahead log of consensus: %v", value(keyvals, "err")))
	}
	level := slog.LevelWarn
	if l.module == "p2p" || l.module == "proxy" { // peers that come and go; connections to the rules closed before it asks
		level = slog.LevelDebug
	}
	l.sink.write(level, l.module, msg, keyvals)
}

// With implements log.Logger. Of the context only the module is kept: the rest is addresses of whole objects.
//
//nolint:ireturn // the interface that CometBFT asks for
func (l cometLogger) With(keyvals ...any) cometlog.Logger {
	if module, ok := value(keyvals, "module").(string); ok {
		l.module = module
	}
	return l
}

func value(keyvals []any, key string) any {
	for i := 0; i+1 < len(keyvals); i += 2 {
		if keyvals[i] == key {
			return keyvals[i+1]
		}
	}
	return nil
}

func (s *logSink) write(level slog.Level, module, msg string, keyvals []any) {
	ctx := context.Background() // CometBFT's logger has no context to hand on
	if level < s.level || !s.logger.Enabled(ctx, level) {
		return
	}
	suppressed, ok := s.admit(module + "/" + msg)
	if !ok {
		return
	}
	attrs := []slog.Attr{slog.String("module", module), slog.String("text", msg)}
	if suppressed > 0 {
		attrs = append(attrs, slog.Int("repeated", suppressed))
	}
	for i := 0; i+1 < len(keyvals); i += 2 {
		text := fmt.Sprint(keyvals[i+1])
		attrs = append(attrs, slog.String(fmt.Sprint(keyvals[i]), text[:min(len(text), maxLogValue)]))
	}
	s.logger.LogAttrs(ctx, level, "consensus engine", attrs...)
}

// admit decides whether to say something now and returns how often it was not said since.
func (s *logSink) admit(what string) (suppressed int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	last := s.said[what]
	if last != nil && now.Sub(last.at) < repeatAfter {
		last.suppressed++
		return 0, false
	}
	if last == nil {
		if len(s.said) >= maxRemembers {
			clear(s.said)
		}
		last = &remembered{}
		s.said[what] = last
	}
	suppressed = last.suppressed
	last.at, last.suppressed = now, 0
	return suppressed, true
}
