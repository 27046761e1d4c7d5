package dev.quoll.cli.instruments;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Percentage;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;

/** How fast a virtual CPU runs. */
@Name("dev.quoll.Cpu")
@Label("Virtual CPU")
@Category("Quoll")
@Description("What a virtual CPU has done since the last such event")
@Period("1 s")
@StackTrace(false)
final class CpuEvent extends Event {
    @Label("CPU")
    int cpu;

    @Label("Million Instructions per Second")
    double mips;

    @Label("Instructions")
    long instructions;

    @Label("Exits from Guest Code")
    long exits;

    @Label("TLB Misses")
    long tlbMisses;

    @Label("TLB Flushes")
    long tlbFlushes;

    @Label("Exceptions")
    long exceptions;

    @Label("Interrupts")
    long interrupts;

    @Label("Share of Time Halted")
    @Percentage
    double halted;
}
