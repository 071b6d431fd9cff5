// Yardstick: the same pong in Go on gorilla/websocket, as most Go servers would be written.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const stamp = "2006-01-02T15:04:05.000000Z"

type request struct {
	Method string `json:"method"`
	ReqID  uint64 `json:"req_id"`
}

type reply struct {
	Method  string `json:"method"`
	ReqID   uint64 `json:"req_id"`
	TimeIn  string `json:"time_in"`
	TimeOut string `json:"time_out"`
}

var upgrader = websocket.Upgrader{ReadBufferSize: 4096, WriteBufferSize: 4096}

func serve(writer http.ResponseWriter, asked *http.Request) {
	link, err := upgrader.Upgrade(writer, asked, nil)
	if err != nil {
		return
	}
	defer link.Close()
	for {
		_, text, err := link.ReadMessage()
		if err != nil {
			return
		}
		timeIn := time.Now().UTC().Format(stamp)
		var ping request
		if json.Unmarshal(text, &ping) != nil || ping.Method != "ping" {
			continue
		}
		pong := reply{"pong", ping.ReqID, timeIn, time.Now().UTC().Format(stamp)}
		said, _ := json.Marshal(&pong)
		if link.WriteMessage(websocket.TextMessage, said) != nil {
			return
		}
	}
}

func main() {
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	port := listening.Addr().(*net.TCPAddr).Port
	fmt.Printf("{\"event\":\"ready\",\"url\":\"ws://127.0.0.1:%d/\"}\n", port)
	http.HandleFunc("/", serve)
	log.Fatal(http.Serve(listening, nil))
}
