// Does what the operation says, in a decision: what a policy in Go may do by mistake, and what it can rely on.
package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"portcullis/policy"
	"portcullis/policy/docker"
	"portcullis/policy/dockerrequest"
)

var count int

func init() {
	dockerrequest.Handle(authorize)
}

func authorize(request *docker.Request) (policy.Opinion, error) {
	act := policy.Or(request.Operation, "")
	say := func(format string, values ...any) (policy.Opinion, error) {
		return policy.Denyf(act, format, values...), nil
	}
	switch act {
	case "error":
		return policy.Opinion{}, errors.New("no such luck")
	case "panic":
		panic("lost")
	case "index":
		return policy.Allow(request.Anomalies[3]), nil
	case "nil":
		return policy.Allow(request.Workload.Image.Domain), nil
	case "no-verdict":
		return policy.Opinion{}, nil
	case "file":
		text, err := os.ReadFile("/etc/passwd")
		return policy.Allow(string(text)), err
	case "now":
		return policy.Allow(time.Now().String()), nil
	case "random":
		_, err := rand.Read(make([]byte, 8))
		return policy.Allow("random"), err
	case "sleep":
		time.Sleep(time.Second)
		return say("slept")
	case "exit":
		os.Exit(0)
	case "goroutine":
		go panic("elsewhere")
		runtime.Gosched()
	case "deadlock":
		<-make(chan bool)
	case "recursion":
		return policy.Allow(fmt.Sprint(deeper(0))), nil
	case "memory":
		memory := make([]byte, 256<<20)
		return policy.Allow(fmt.Sprint(len(memory))), nil
	case "loop":
		for {
			count++
		}
	case "goroutines":
		return say("%d of 6", together())
	case "count":
		count++
		return say("%d", count)
	case "environment":
		return say("%v %v", os.Environ(), os.Args)
	case "invalid":
		return say("\xffx")
	case "print":
		fmt.Println("to the log")
		policy.Log(policy.LevelInfo, "to the log, too")
		return say("printed")
	case "time":
		return say("%s", request.Context.Time().Format("Monday 2006-01-02 15:04"))
	case "facts":
		return say("%s", facts(request))
	}
	return policy.Allow("end"), nil
}

func deeper(depth int) int {
	return deeper(depth+1) + 1
}

// Goroutines take turns.
func together() (sum int) {
	numbers := make(chan int)
	for i := range 4 {
		go func() { numbers <- i }()
	}
	for range 4 {
		sum += <-numbers
	}
	return sum
}

// One fact of each type that the interfaces have.
func facts(request *docker.Request) string {
	principal, workload := request.Principal, request.Workload
	first, _ := request.Query.Get("all")
	owner, _ := workload.Labels.Get("owner")
	port, gpu := workload.Published[0], workload.DeviceRequests[0]
	var mounts []string
	for _, mount := range workload.Mounts {
		mounts = append(mounts, fmt.Sprint(mount.Kind, " ", mount.ReadOnly, " ", policy.Or(mount.HostPath, "-")))
	}
	return fmt.Sprint(*principal.Name, " ", principal.Groups, " ", *principal.Certificate.CommonName, " ",
		principal.Certificate.URIs, " ", request.APIVersion[0], ".", request.APIVersion[1], " ", request.Body.Kind, " ",
		request.Body.Text, " ", first, " ", request.Query.All("all"), " ", request.Path, " ", *workload.MemoryLimit, " ",
		workload.MaskedPaths != nil, " ", len(*workload.MaskedPaths), " ", owner, " ", port.ContainerPort, "/",
		port.Protocol, " ", gpu.Count, " ", gpu.Capabilities, " ", strings.Join(mounts, ", "))
}

func main() {}
