package dev.quoll.cli.instruments;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What became of guest code. */
@Name("dev.quoll.Translation")
@Label("Translation")
@Category("Quoll")
@Description("Guest code decoded, translated and dropped since the last such event")
@StackTrace(false)
final class TranslationEvent extends Event {
    @Label("CPU")
    int cpu;

    @Label("Instructions Decoded")
    long decoded;

    @Label("Blocks Translated")
    long translated;

    @Label("Blocks Refused")
    long refused;

    @Label("Blocks Fused")
    long fused;

    @Label("Evictions of all Code")
    long evictions;

    @Label("Translated Code")
    @DataAmount
    long bytes;
}
