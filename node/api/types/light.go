package types

// LightStatus is what a light node trusts.
type LightStatus struct {
	Height       int64             `json:"height" doc:"Last trusted header; 0 = genesis"`
	TimeMS       int64             `json:"time_ms" doc:"Its time, Unix ms"`
	Hash         string            `json:"hash" doc:"Its hash, hex"`
	TrustUntilMS int64             `json:"trust_until_ms" doc:"Until when it can be gone on from, Unix ms"`
	Stale        bool              `json:"stale" doc:"That time has passed: it needs a header to trust"`
	Sources      int               `json:"sources" doc:"Peers that can be asked"`
	Witnesses    int               `json:"witnesses" doc:"Peers that agreed with the header"`
	Conflict     string            `json:"conflict,omitempty" doc:"Two signed headers of one height: the node has stopped following"`
	Refused      map[string]string `json:"refused,omitempty" doc:"Peers that are not asked any more, and why"`
}
