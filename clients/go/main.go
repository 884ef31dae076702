// A participant that trains towards one number, as an example of how to write one in Go:
//
//	go run . -server 127.0.0.1:50051 -participant federations/demo/participants/go -key go.pem -target 3
//
// Its key is made with: openssl genpkey -algorithm ed25519 -out go.pem. A server that asks for an API key gets the one in
// the variable MFN_API_KEY.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	mfn "github.com/neuron7x/mfn-grpc/clients/go/gen/mfn_grpc/v1"
	"github.com/neuron7x/mfn-grpc/clients/go/participant"
)

func main() {
	server := flag.String("server", "127.0.0.1:50051", "address of the server")
	name := flag.String("participant", "", "federations/{f}/participants/{p}")
	keyFile := flag.String("key", "", "PEM file of the Ed25519 key that was enrolled")
	target := flag.Float64("target", 1, "the number that every weight is trained towards")
	flag.Parse()
	if err := run(*server, *name, *keyFile, *target); err != nil {
		log.Fatal(err)
	}
}

func run(server, name, keyFile string, target float64) error {
	key, err := readKey(keyFile)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(server, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx := context.Background()
	if apiKey := os.Getenv("MFN_API_KEY"); apiKey != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-api-key", apiKey)
	}
	who := participant.Identity{Name: name, Key: key}
	finished, err := participant.Run(ctx, conn, who, halfwayTo(target), func(line string) { fmt.Println(line) })
	if err != nil {
		return err
	}
	fmt.Printf("finished: %s with model %d\n", finished.GetWhy(), finished.GetModel().GetVersion())
	return nil
}

// halfwayTo trains every weight half of the way: one gradient step of rate 1/2 on (weight - target)^2 / 2.
func halfwayTo(target float64) participant.Fit {
	return func(model participant.Model, _ map[string]*mfn.ConfigValue) (participant.Trained, error) {
		trained, loss := participant.Model{}, 0.0
		for name, weights := range model {
			for _, weight := range weights {
				trained[name] = append(trained[name], weight+(target-weight)/2)
				loss += (weight - target) * (weight - target) / 2
			}
		}
		return participant.Trained{Weights: trained, NumExamples: 1, Metrics: map[string]float64{"loss": loss}}, nil
	}
}

func readKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is not a PEM file", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a %T, not an Ed25519 key", path, parsed)
	}
	return key, nil
}
