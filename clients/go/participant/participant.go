// Package participant takes part in a federation of an mfn-grpc server, written against the generated stubs alone.
//
// It shows the protocol of FederationService.Federate in its plainest form: one session, one update a round, a
// heartbeat in between. A break ends Run with an error; what the server acknowledged counts, and the next Run resumes.
package participant

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"

	mfn "github.com/neuron7x/mfn-grpc/clients/go/gen/mfn_grpc/v1"
)

// Trained is what a Fit returns: the trained weights of every tensor, the examples behind them, and metrics.
type Trained struct {
	Weights     Model
	NumExamples int64
	Metrics     map[string]float64
}

// Fit trains a model on data of its own, with the federation's config.
type Fit func(model Model, config map[string]*mfn.ConfigValue) (Trained, error)

// Identity is a participant's name, federations/{f}/participants/{p}, and the key that it was enrolled with.
type Identity struct {
	Name string
	Key  ed25519.PrivateKey
}

// Run takes part until the federation is over and returns its last words. Report is called with every acknowledgement
// and every result of a round.
func Run(
	ctx context.Context, conn grpc.ClientConnInterface, who Identity, fit Fit, report func(string),
) (*mfn.Finished, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream when Run gives up
	stream, err := mfn.NewFederationServiceClient(conn).Federate(ctx)
	if err != nil {
		return nil, err
	}
	session := &session{stream: stream, who: who, fit: fit, report: report, trained: make(chan outcome, 1)}
	finished, err := session.run(ctx)
	if errors.Is(err, io.EOF) {
		err = errors.New("the server closed the stream before the federation was over")
	}
	return finished, err
}

type session struct {
	stream   grpc.BidiStreamingClient[mfn.FederateRequest, mfn.FederateResponse]
	who      Identity
	fit      Fit
	report   func(string)
	policy   *mfn.FederationPolicy
	task     *mfn.RoundStart
	download *download
	trained  chan outcome
	upload   *upload
}

// outcome is what came of training on a task.
type outcome struct {
	upload *upload
	err    error
}

// run answers every message of the server. Nothing else writes to the stream, and training goes on beside it, so that
// heartbeats do not wait for it.
func (s *session) run(ctx context.Context) (*mfn.Finished, error) {
	if err := s.join(); err != nil {
		return nil, err
	}
	incoming, failed := s.receive(ctx)
	heartbeat := time.NewTicker(time.Duration(s.policy.GetHeartbeatSeconds() * float64(time.Second)))
	defer heartbeat.Stop()
	for {
		select {
		case message := <-incoming:
			if finished := message.GetFinished(); finished != nil {
				return finished, nil
			}
			if err := s.answer(message); err != nil {
				return nil, err
			}
		case err := <-failed:
			return nil, err
		case done := <-s.trained:
			if err := s.announce(done); err != nil {
				return nil, err
			}
		case <-heartbeat.C:
			alive := &mfn.FederateRequest_Heartbeat{Heartbeat: &mfn.Heartbeat{}}
			if err := s.send(&mfn.FederateRequest{Message: alive}); err != nil {
				return nil, err
			}
		}
	}
}

// join proves that this participant holds its key.
func (s *session) join() error {
	join := &mfn.Join{Participant: s.who.Name, Capabilities: &mfn.Capabilities{Client: "mfn-grpc Go participant"}}
	if err := s.send(&mfn.FederateRequest{Message: &mfn.FederateRequest_Join{Join: join}}); err != nil {
		return err
	}
	first, err := s.stream.Recv()
	if err != nil {
		return err
	}
	challenge := first.GetChallenge()
	signature := ed25519.Sign(s.who.Key, joinMessage(challenge.GetFederationUid(), s.who.Name, challenge.GetNonce()))
	proof := &mfn.FederateRequest_Proof{Proof: &mfn.Proof{Signature: signature}}
	if err := s.send(&mfn.FederateRequest{Message: proof}); err != nil {
		return err
	}
	second, err := s.stream.Recv()
	if err != nil {
		return err
	}
	s.policy = second.GetWelcome().GetPolicy()
	if s.policy == nil {
		return fmt.Errorf("expected Welcome, got %T", second.GetMessage())
	}
	return nil
}

// receive passes on what arrives; a channel, so that heartbeats go on while nothing does.
func (s *session) receive(ctx context.Context) (<-chan *mfn.FederateResponse, <-chan error) {
	incoming, failed := make(chan *mfn.FederateResponse), make(chan error, 1)
	go func() {
		for {
			message, err := s.stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case incoming <- message:
			case <-ctx.Done():
				return
			}
		}
	}()
	return incoming, failed
}

// answer does what one message asks for; a message of a kind that is not known here is skipped, as the protocol says.
func (s *session) answer(message *mfn.FederateResponse) error {
	switch {
	case message.GetRoundStart() != nil:
		s.task = message.GetRoundStart()
		return nil
	case message.GetModelBegin() != nil:
		s.download = newDownload(message.GetModelBegin(), s.download)
		s.trainWhenComplete()
	case message.GetChunk() != nil:
		if err := s.download.add(message.GetChunk()); err != nil {
			return err
		}
		s.trainWhenComplete()
	case message.GetResume() != nil:
		return s.upload.send(message.GetResume().GetOffset(), s.send)
	case message.GetUpdateAck() != nil:
		ack := message.GetUpdateAck()
		s.report(fmt.Sprintf("round %d: %s", ack.GetRound(), short(ack.GetStatus())))
	case message.GetRoundResult() != nil:
		result := message.GetRoundResult()
		s.report(fmt.Sprintf("round %d is %s, my update %s", result.GetRound(), short(result.GetState()),
			short(result.GetVerdict().GetKind())))
	}
	return nil
}

// trainWhenComplete begins to train once the whole model is there.
func (s *session) trainWhenComplete() {
	if s.task == nil || !s.task.GetSelected() || !s.download.complete() {
		return
	}
	task, model := s.task, s.download
	s.task = nil
	go func() {
		upload, err := s.train(task, model)
		s.trained <- outcome{upload, err}
	}()
}

func (s *session) train(task *mfn.RoundStart, model *download) (*upload, error) {
	weights, err := model.decode()
	if err != nil {
		return nil, err
	}
	trained, err := s.fit(weights, task.GetConfig())
	if err != nil {
		return nil, err
	}
	return newUpload(s.who, s.policy, task, model.begin.GetManifest(), weights, trained)
}

// announce offers an update; the server answers with Resume, or with UpdateAck when it does not need the bytes.
func (s *session) announce(done outcome) error {
	if done.err != nil {
		return done.err
	}
	s.upload = done.upload
	begin := &mfn.FederateRequest_UpdateBegin{UpdateBegin: s.upload.begin}
	return s.send(&mfn.FederateRequest{Message: begin})
}

// send writes one message. A broken stream says only EOF here; its reason comes with the next Recv.
func (s *session) send(message *mfn.FederateRequest) error {
	err := s.stream.Send(message)
	if !errors.Is(err, io.EOF) {
		return err
	}
	for err == nil || errors.Is(err, io.EOF) {
		if _, err = s.stream.Recv(); errors.Is(err, io.EOF) {
			return err
		}
	}
	return err
}

// short is the last word of an enum's name, UPDATE_ACK_STATUS_COUNTED: COUNTED.
func short(value fmt.Stringer) string {
	words := strings.Split(value.String(), "_")
	return words[len(words)-1]
}
