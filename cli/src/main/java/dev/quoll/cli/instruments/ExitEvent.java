package dev.quoll.cli.instruments;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Exits of one cause. */
@Name("dev.quoll.Exits")
@Label("Exits")
@Category("Quoll")
@Description("How often a virtual CPU has left guest code for one cause since the last such event of that cause")
@StackTrace(false)
final class ExitEvent extends Event {
    @Label("CPU")
    int cpu;

    @Label("Cause")
    String cause;

    @Label("Count")
    long count;
}
