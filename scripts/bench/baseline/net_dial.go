// Dials like any Go client: connects until it succeeds or five seconds are over, closes, and prints what came of it.
package main

import (
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	deadline := time.Now().Add(5 * time.Second)
	for {
		conn, err := net.Dial("tcp", os.Args[1])
		if err == nil {
			fmt.Printf("connected %v to %v\n", conn.LocalAddr(), conn.RemoteAddr())
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			fmt.Println(err)
			return
		}
		time.Sleep(time.Millisecond)
	}
}
