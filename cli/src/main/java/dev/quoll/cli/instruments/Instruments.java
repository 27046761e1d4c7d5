package dev.quoll.cli.instruments;

import dev.quoll.boot.symbols.SymbolTable;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import jdk.jfr.Configuration;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;

/** The instruments of one machine. Made before it starts, closed before it is. */
public final class Instruments implements AutoCloseable {
    private final Supplier<Figures> figures;
    private final LiveLine live;
    private final Machine machine;
    private Profiler profiler;
    private FlightEvents events;
    private Recording recording;

    /** @param say for the person at the console */
    public Instruments(Machine machine, Consumer<String> say) {
        this.machine = machine;
        figures = () -> Figures.parse(machine.statistics(), System.nanoTime());
        live = new LiveLine(figures, say);
        // The JVM's own options may have started a recording.
        if (FlightRecorder.isInitialized()) {
            events = new FlightEvents(figures);
        }
    }

    /** Switches the live line on, or off again. Any thread. */
    public void toggleLive() {
        live.toggle();
    }

    /** Whether the machine's engine can be profiled. */
    public boolean canProfile() {
        return machine.partition().cpu(0).requestSample();
    }

    /** Starts to profile the guest. @param program functions that are not the kernel's own */
    public void profile(List<SymbolTable.Symbol> program) {
        profiler = new Profiler(machine, new SymbolTable(program));
    }

    /**
     * Starts to record events, the JVM's and the machine's, into a file that is written at the end.
     *
     * @throws IOException when it cannot be
     */
    public void record(Path file) throws IOException {
        try {
            recording = new Recording(Configuration.getConfiguration("default"));
        } catch (ParseException e) {
            throw new IOException("this JDK's settings for recordings cannot be read: " + e.getMessage(), e);
        }
        recording.setName("quoll");
        recording.setDestination(file);
        recording.setDumpOnExit(true);
        recording.start();
        if (events == null) {
            events = new FlightEvents(figures);
        }
    }

    /** The profile, if one was wanted: the machine has ended and has its memory still. */
    public Optional<List<String>> report() throws InterruptedException {
        return profiler == null ? Optional.empty() : Optional.of(profiler.report());
    }

    @Override
    public void close() {
        live.close();
        if (profiler != null) {
            profiler.close();
        }
        if (events != null) {
            events.close();
        }
        if (recording != null) {
            recording.close();
        }
    }
}
