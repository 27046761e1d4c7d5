package dev.quoll.cli.instruments;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import jdk.jfr.FlightRecorder;

/** Events made of the machine's figures once a period, on the recorder's thread. */
final class FlightEvents implements AutoCloseable {
    private final Supplier<Figures> figures;
    private final Runnable hook = this::emit;
    private Figures before;
    /** By CPU and cause, as of the last event: a rare cause is not among the figures all the time. */
    private final Map<String, Long> exits = new HashMap<>();

    /** Starts to make events. Initialises the recorder, if nobody has. */
    FlightEvents(Supplier<Figures> figures) {
        this.figures = figures;
        before = figures.get();
        FlightRecorder.addPeriodicEvent(CpuEvent.class, hook);
    }

    private synchronized void emit() {
        Figures now = figures.get();
        now.cpus().forEach((cpu, values) -> {
            cpuEvent(now, cpu).commit();
            translationEvent(now, cpu, values).commit();
            values.keySet().forEach(figure -> {
                String cause = Figures.exitCause(figure);
                if (cause != null) {
                    exitEvent(cpu, cause, values.get(figure));
                }
            });
        });
        before = now;
    }

    private void exitEvent(int cpu, String cause, long total) {
        Long last = exits.put(cpu + " " + cause, total);
        if (total > (last == null ? 0 : last)) {
            ExitEvent event = new ExitEvent();
            event.cpu = cpu;
            event.cause = cause;
            event.count = total - (last == null ? 0 : last);
            event.commit();
        }
    }

    private CpuEvent cpuEvent(Figures now, int cpu) {
        CpuEvent event = new CpuEvent();
        event.cpu = cpu;
        event.instructions = now.since(before, cpu, Figures.INSTRUCTIONS);
        event.mips = event.instructions / now.secondsSince(before) / 1e6;
        event.exits = now.exitsSince(before, cpu);
        event.tlbMisses = now.since(before, cpu, Figures.TLB_MISSES);
        event.tlbFlushes = now.since(before, cpu, "tlb-flushes");
        event.exceptions = now.since(before, cpu, "exceptions");
        event.interrupts = now.since(before, cpu, "interrupts");
        event.halted = now.haltedShare(before, cpu);
        return event;
    }

    private TranslationEvent translationEvent(Figures now, int cpu, Map<String, Long> values) {
        TranslationEvent event = new TranslationEvent();
        event.cpu = cpu;
        event.decoded = now.since(before, cpu, "decoded");
        event.translated = now.since(before, cpu, "translated-blocks");
        event.refused = now.since(before, cpu, "translated-refused");
        event.fused = now.since(before, cpu, "fused-blocks");
        event.evictions = now.since(before, cpu, "translated-drops");
        event.bytes = values.getOrDefault("translated-bytes", 0L);
        return event;
    }

    /** One last time, then no more. */
    @Override
    public void close() {
        if (FlightRecorder.removePeriodicEvent(hook)) {
            emit();
        }
    }
}
