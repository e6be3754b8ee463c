package abci

import "time"

// LightRoot is what a light node begins with: the validators of the first block and the time of genesis.
func LightRoot(genesisFile string) (validators []Validator, begins time.Time, err error) {
	from, err := checkedGenesis(genesisFile)
	if err != nil {
		return nil, begins, err
	}
	for _, v := range from.doc.Validators {
		validators = append(validators, Validator{
			Address: ConsensusAddress(v.PubKey.Bytes()), Key: v.PubKey.Bytes(), Power: v.Power,
		})
	}
	return validators, from.doc.GenesisTime, nil
}
