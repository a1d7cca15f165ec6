// Ask the Go SDK of CloudEvents whether the Kafka records named are valid events: go run . FILE...
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"

	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
)

type record struct {
	Key     string            `json:"key"`
	Headers map[string]string `json:"headers"`
	Value   string            `json:"value"`
}

func read(file string) (record, error) {
	var found record
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	return found, err
}

// parsed reads a record by the SDK's Kafka binding and validates it.
func parsed(each record) (*event.Event, error) {
	headers := map[string][]byte{}
	for name, value := range each.Headers {
		headers[name] = []byte(value)
	}
	message := kafka_sarama.NewMessage([]byte(each.Value), each.Headers["content-type"], headers)
	found, err := binding.ToEvent(context.Background(), message)
	if err != nil {
		return nil, err
	}
	return found, found.Validate()
}

func check(file string) error {
	each, err := read(file)
	if err != nil {
		return err
	}
	found, err := parsed(each)
	if err != nil {
		return err
	}
	if found.Type() != each.Headers["ce_type"] || found.Subject() != each.Key || found.DataContentType() != event.ApplicationJSON {
		return errors.New("type, subject or content type were read differently")
	}
	if err := ordered(fmt.Sprint(found.Extensions()["sequence"])); err != nil {
		return err
	}
	// A reader that accepts anything shows nothing: the same record with a relative schema must be refused.
	each.Headers["ce_dataschema"] = "schemas/" + found.Type() + ".json"
	if _, err := parsed(each); err == nil {
		return errors.New("it was accepted with a relative dataschema too")
	}
	return nil
}

// ordered checks that texts of this width sort as the numbers do.
func ordered(sequence string) error {
	width := strconv.Itoa(len(sequence))
	texts := []string{sequence}
	for _, number := range []uint64{2, 9, 10, 99, 100, 1<<63 - 1} {
		texts = append(texts, fmt.Sprintf("%0"+width+"d", number))
	}
	if !sort.StringsAreSorted(texts) {
		return fmt.Errorf("sequence %q does not sort as a number", sequence)
	}
	return nil
}

func main() {
	refused := 0
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Printf("%s: %v\n", file, err)
			refused++
		}
	}
	fmt.Printf("Go SDK: %d of %d events accepted\n", len(os.Args)-1-refused, len(os.Args)-1)
	if refused > 0 || len(os.Args) == 1 {
		os.Exit(1)
	}
}
