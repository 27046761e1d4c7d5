package dev.quoll.machine;

/** How a device or an engine asks for the machine's fate. Returns at once; the vCPUs stop shortly after. Any thread. */
public interface PowerSink {
    /** Reset of the whole machine. @param cause for reports, for example {@code port 0xcf9} */
    void reset(String cause);

    /** Orderly power-off. */
    void powerOff(String cause);

    /** The guest reports that it has crashed (pvpanic-like); the machine goes on until it resets or halts. */
    void panicked(String report);

    /** The guest ends the machine with a status of its own (debug exit port). */
    void exit(int status);
}
