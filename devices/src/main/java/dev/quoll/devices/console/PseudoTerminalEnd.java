package dev.quoll.devices.console;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.file.EventCounter;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.file.Polling;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.terminal.Terminal;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A port that is a terminal of the host (pty(7)), for {@code screen} and the like; Linux only. Somebody is there while a program has the
 * terminal open.
 */
public final class PseudoTerminalEnd implements PortEnd {
    private static final int SIZE = 4096;
    /** How often a terminal that nobody has open, or that is full, is looked at again: the kernel would report it all the time. */
    private static final int LOOK_AGAIN_MILLIS = 50;

    private final Path link;
    private final FileDescriptor master;
    private final EventCounter wakeUp;
    private final Thread thread;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment input = arena.allocate(SIZE);
    private final MemorySegment output = arena.allocate(SIZE);
    private volatile Runnable changed = () -> {};
    private volatile boolean connected;
    private volatile boolean full;
    private volatile boolean closed;
    /** Bytes in {@link #input} not taken yet; guarded by it. */
    private int start;

    private int end;

    /**
     * Makes a terminal.
     *
     * @param link a symbolic link to it, which must not exist yet; removed by {@link #close}
     * @throws IOException when it cannot be made; one sentence
     */
    public PseudoTerminalEnd(Path link) throws IOException {
        this.link = link;
        FileDescriptor opened = null;
        try {
            opened = FileDescriptor.open("/dev/ptmx", linux_h.O_RDWR() | linux_h.O_NOCTTY() | linux_h.O_NONBLOCK());
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            opened.ioctl("TIOCSPTLCK", linux_h.TIOCSPTLCK(), number);
            opened.ioctl("TIOCGPTN", linux_h.TIOCGPTN(), number);
            Path terminal = Path.of("/dev/pts", Integer.toString(number.get(ValueLayout.JAVA_INT, 0)));
            try (FileDescriptor side = FileDescriptor.open(terminal.toString(), linux_h.O_RDWR() | linux_h.O_NOCTTY())) {
                // Without this, what the guest says would come back as the echo of its own terminal.
                Terminal.of(side).orElseThrow(() -> new IOException(terminal + " is no terminal")).raw();
            }
            Files.createSymbolicLink(link, terminal);
            wakeUp = EventCounter.create();
        } catch (IOException | NativeException | NativeUnavailableException e) {
            if (opened != null) {
                opened.close();
            }
            arena.close();
            throw new IOException("the port's terminal %s cannot be made: %s".formatted(link, e.getMessage()), e);
        }
        master = opened;
        thread = Thread.ofPlatform().daemon().name("quoll-port-" + link.getFileName()).unstarted(this::watch);
    }

    @Override
    public void start(Runnable whenChanged) {
        changed = whenChanged;
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    private void watch() {
        Polling both = new Polling(List.of(master, wakeUp.descriptor()), linux_h.POLLIN());
        Polling wakeUpOnly = new Polling(List.of(wakeUp.descriptor()), linux_h.POLLIN());
        while (!closed) {
            boolean room;
            synchronized (input) {
                room = start == end;
            }
            if (room) {
                // Somebody's coming is no event: it shows by the hang-up's absence.
                if (both.await(0) == 0) {
                    look(0);
                    both.await(full ? LOOK_AGAIN_MILLIS : -1);
                }
                look(both.events(0));
            } else {
                wakeUpOnly.await(full ? LOOK_AGAIN_MILLIS : -1);
            }
            wakeUp.drain();
            if (full) {
                full = false;
                changed.run();
            }
            if (!connected && !closed) {
                wakeUpOnly.await(LOOK_AGAIN_MILLIS);
            }
        }
    }

    /** Takes what is there, and notices who comes and goes. */
    private void look(int events) {
        boolean present = (events & linux_h.POLLHUP()) == 0;
        boolean news = present != connected;
        connected = present;
        if ((events & linux_h.POLLIN()) != 0) {
            synchronized (input) {
                long count = master.read(input);
                start = 0;
                end = (int) Math.max(0, count);
            }
            news = true;
        }
        if (news) {
            changed.run();
        }
    }

    @Override
    public boolean connected() {
        return connected;
    }

    @Override
    public int read(byte[] target, int offset, int count) {
        int taken;
        boolean empty;
        synchronized (input) {
            taken = Math.min(count, end - start);
            MemorySegment.copy(input, ValueLayout.JAVA_BYTE, start, target, offset, taken);
            start += taken;
            empty = start == end;
        }
        if (taken > 0 && empty) {
            wakeUp.signal();
        }
        return taken;
    }

    @Override
    public int write(byte[] source, int offset, int count) {
        if (!connected) {
            return count;
        }
        int piece = Math.min(count, SIZE);
        MemorySegment.copy(source, offset, output, ValueLayout.JAVA_BYTE, 0, piece);
        int taken = (int) Math.max(0, master.write(output.asSlice(0, piece)));
        if (taken < count) {
            full = true;
            wakeUp.signal();
        }
        return taken;
    }

    @Override
    public void close() throws IOException {
        closed = true;
        wakeUp.signal();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        master.close();
        wakeUp.close();
        arena.close();
        Files.deleteIfExists(link);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
