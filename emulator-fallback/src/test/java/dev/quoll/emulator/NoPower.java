package dev.quoll.emulator;

import dev.quoll.machine.PowerSink;

/** For partitions of tests that no device asks to reset or to end. */
public final class NoPower implements PowerSink {
    public static final PowerSink SINK = new NoPower();

    private NoPower() {}

    @Override
    public void reset(String cause) {}

    @Override
    public void powerOff(String cause) {}

    @Override
    public void panicked(String report) {}

    @Override
    public void exit(int status) {}
}
