package dev.quoll.devices;

import dev.quoll.machine.PowerSink;
import java.util.ArrayList;
import java.util.List;

/** Remembers what was asked for. */
public final class RecordingPower implements PowerSink {
    public final List<String> events = new ArrayList<>();

    @Override
    public synchronized void reset(String cause) {
        events.add("reset");
    }

    @Override
    public synchronized void powerOff(String cause) {
        events.add("off");
    }

    @Override
    public synchronized void panicked(String report) {
        events.add("panic");
    }

    @Override
    public synchronized void exit(int status) {
        events.add("exit " + status);
    }
}
