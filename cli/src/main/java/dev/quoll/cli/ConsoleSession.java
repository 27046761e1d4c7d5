package dev.quoll.cli;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.terminal.Terminal;
import dev.quoll.boot.Pc;
import dev.quoll.cli.instruments.Instruments;
import dev.quoll.devices.host.BufferedOutput;
import dev.quoll.devices.host.InputFeeder;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.machine.Machine;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntPredicate;
import sun.misc.Signal;

/**
 * The host's end of a guest's console, from before the machine is made until after its end: output, input with the
 * escape keys, and the terminal's mode, which every way out of the process puts back. (What no process can do anything
 * about, {@code kill -9}, needs {@code stty sane}.)
 */
final class ConsoleSession implements AutoCloseable {
    /** How long a dying process waits for a stalled reader of the console to take the rest. */
    private static final long LAST_WORDS_MILLIS = 500;

    private final ConsoleTarget target;
    private final FileOutputStream file;
    private final BufferedOutput output;
    private final Terminal terminal;
    private final Thread hook = new Thread(this::atShutdown, "quoll-terminal-restore");
    private final AtomicReference<Machine> machine = new AtomicReference<>();
    private InputFeeder input;
    private boolean raw;

    /** @throws CommandFailure when the console's file cannot be written */
    ConsoleSession(ConsoleTarget target) throws CommandFailure {
        this.target = target;
        file = switch (target) {
            case ConsoleTarget.Stdio _ -> new FileOutputStream(FileDescriptor.out);
            case ConsoleTarget.None _ -> null;
            case ConsoleTarget.ToFile(var path) -> {
                try {
                    yield new FileOutputStream(path.toFile());
                } catch (IOException e) {
                    throw new CommandFailure(
                            ExitStatus.HOST_IO, "the console's file cannot be written: %s.".formatted(e.getMessage()), e);
                }
            }
        };
        output = file == null ? null : new BufferedOutput(new Watched(file), "quoll-console-output");
        terminal = target instanceof ConsoleTarget.Stdio ? Terminal.standardInput().orElse(null) : null;
    }

    /** A console that can no longer be written ends the machine: nobody would see what it does. */
    private final class Watched extends FilterOutputStream {
        Watched(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int start, int length) throws IOException {
            try {
                out.write(bytes, start, length);
            } catch (IOException e) {
                Machine running = machine.get();
                if (running != null) {
                    running.stop();
                }
                throw e;
            }
        }
    }

    /** Where the serial port's output goes. */
    SerialOutput output() {
        return output == null ? SerialOutput.NONE : output;
    }

    /** Whether a person sits at the console. */
    boolean interactive() {
        return terminal != null;
    }

    /** Takes the terminal over and starts the input; the machine has been made and not started. */
    void attach(Pc pc, Instruments instruments) {
        machine.set(pc.machine());
        Runtime.getRuntime().addShutdownHook(hook);
        if (!(target instanceof ConsoleTarget.Stdio)) {
            return;
        }
        FileInputStream keys = new FileInputStream(FileDescriptor.in);
        if (terminal == null) {
            IntPredicate noEscapes = _ -> false;
            input = new InputFeeder(new HeldInput(keys, pc.serial()), pc.serial(), noEscapes, "quoll-console-input");
            return;
        }
        goRaw();
        // A stopped process may find its terminal changed by the shell when it goes on.
        try {
            Signal.handle(new Signal("CONT"), _ -> goRaw());
        } catch (IllegalArgumentException e) {
            say("no SIGCONT here (%s): after a stop the terminal needs a restart of quoll".formatted(e.getMessage()));
        }
        input = new InputFeeder(keys, pc.serial(), new EscapeKeys(new Keys(pc, instruments)), "quoll-console-input");
    }

    private synchronized void goRaw() {
        if (terminal != null && machine.get() != null) {
            raw = true;
            terminal.raw();
        }
    }

    private synchronized void restore() {
        if (raw) {
            raw = false;
            try {
                terminal.restore();
            } catch (NativeException e) {
                // The terminal is gone, closed from the other side; there is nothing left to put back.
                System.err.println("quoll: " + e.getMessage());
            }
        }
    }

    /** A line for the person at the console, among the guest's output. */
    void say(String text) {
        String end;
        synchronized (this) {
            end = raw ? "\r\n" : System.lineSeparator();
        }
        System.err.print(text.lines().map(line -> "quoll: " + line + end).reduce("", String::concat));
        System.err.flush();
    }

    private void atShutdown() {
        machine.set(null);
        restore();
        Thread last = Thread.ofPlatform().daemon().start(this::closeOutput);
        try {
            last.join(LAST_WORDS_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeOutput() {
        if (output != null) {
            output.close();
        }
    }

    /** Puts the terminal back and carries out what the guest has written. */
    @Override
    public void close() {
        machine.set(null);
        if (input != null) {
            input.close();
        }
        closeOutput();
        restore();
    }

    /** Why the console's output ended early, or null. After {@link #close}. */
    IOException failure() {
        return output == null ? null : output.failure();
    }

    private final class Keys implements EscapeKeys.Actions {
        private final Pc pc;
        private final Instruments instruments;
        private boolean paused;

        Keys(Pc pc, Instruments instruments) {
            this.pc = pc;
            this.instruments = instruments;
        }

        @Override
        public void leave() {
            pc.machine().stop();
        }

        @Override
        public void help() {
            say(EscapeKeys.HELP);
        }

        @Override
        public void sendBreak() {
            if (!pc.serial().feedBreak()) {
                say("the guest's serial port is full; the break was not sent");
            }
        }

        @Override
        public void reset() {
            say("reset");
            pc.machine().reset();
        }

        @Override
        public void togglePause() {
            paused = paused ? !pc.machine().resume() : pc.machine().pause();
            say(paused ? "paused; Ctrl-A p goes on" : "running");
        }

        @Override
        public void toggleLive() {
            instruments.toggleLive();
        }

        @Override
        public void statistics() {
            say(pc.machine().statistics());
        }
    }
}
