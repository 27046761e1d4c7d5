/** What shows how a guest runs, while it runs: a live line, a profile by symbols, events for JDK Flight Recorder. Counters are read, never added to. */
package dev.quoll.cli.instruments;
