package dev.quoll.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Function;

/**
 * The engine's part of a machine whose engine may be exchanged for another while the machine stands still. Boards and
 * devices hold this one for good; it remembers how it was wired and wires each engine's partition the same way.
 *
 * <p>A message or a level that comes from outside during a move waits until the new engine can take it. In the usual case
 * the lock that does this is one compare-and-set.
 */
final class MovablePartition implements Partition {
    private final StampedLock moving = new StampedLock();
    private final Pin lint0 = new Pin(Partition::lint0);
    private final Pin lint1 = new Pin(Partition::lint1);
    private final Pin ignoreNumericError = new Pin(Partition::ignoreNumericError);
    private final int cpus;
    private volatile Partition current;
    private volatile ExternalInterruptSource externalSource;
    private volatile EoiListener eoiListener;
    private volatile InterruptLine numericErrorLine;

    MovablePartition(Partition first) {
        current = first;
        cpus = first.cpuCount();
    }

    /** Makes the other engine's partition. */
    @FunctionalInterface
    interface Maker {
        Partition make() throws EngineException;
    }

    /** An input of the partition, with the level that it has now. */
    private final class Pin implements InterruptLine {
        private final Function<Partition, InterruptLine> line;
        private volatile boolean level;

        Pin(Function<Partition, InterruptLine> line) {
            this.line = line;
        }

        @Override
        public void setLevel(boolean high) {
            long stamp = moving.readLock();
            try {
                level = high;
                line.apply(current).setLevel(high);
            } finally {
                moving.unlockRead(stamp);
            }
        }

        void driveAnew(Partition next) {
            line.apply(next).setLevel(level);
        }
    }

    /**
     * Goes over to another engine. Order: the new partition is made and wired, pins first, because their edges must find a
     * local APIC that is still masked; then each CPU's state goes over; then the old partition is closed. When anything of
     * that fails the old one stays in place, untouched.
     *
     * @throws EngineException with one sentence for the user
     */
    void moveTo(Maker maker) throws EngineException {
        long stamp = moving.writeLock();
        try {
            Partition old = current;
            if (!old.interruptInputs().isEmpty()) {
                throw new EngineException(
                        "the machine cannot move: its engine keeps the board's interrupt controllers, whose state it does not give away.");
            }
            List<CpuState> states = new ArrayList<>();
            for (int index = 0; index < cpus; index++) {
                states.add(CpuState.of(old.cpu(index)));
            }
            Partition next = maker.make();
            try {
                takeOver(next, old.owns(), states);
            } catch (EngineException | RuntimeException | Error e) {
                next.close();
                throw e;
            }
            current = next;
            old.close();
        } finally {
            moving.unlockWrite(stamp);
        }
    }

    private void takeOver(Partition next, Set<IrqchipPart> owned, List<CpuState> states) throws EngineException {
        if (!next.owns().equals(owned)) {
            throw new EngineException(
                    "the machine cannot move: the one engine brings %s itself, the other %s.".formatted(owned, next.owns()));
        }
        wire(next);
        for (int index = 0; index < cpus; index++) {
            try {
                states.get(index).writeTo(next.cpu(index));
            } catch (IllegalArgumentException e) {
                throw new EngineException(
                        "the machine cannot move: CPU %d's state does not fit the other engine: %s".formatted(index, e.getMessage()), e);
            }
        }
    }

    private void wire(Partition next) {
        if (externalSource != null) {
            next.setExternalInterruptSource(externalSource);
        }
        if (eoiListener != null) {
            next.setEoiListener(eoiListener);
        }
        if (numericErrorLine != null) {
            next.setNumericErrorLine(numericErrorLine);
        }
        ignoreNumericError.driveAnew(next);
        lint0.driveAnew(next);
        lint1.driveAnew(next);
    }

    @Override
    public Set<IrqchipPart> owns() {
        return current.owns();
    }

    /** Such a partition never moves, so these are the lines for good. */
    @Override
    public List<InterruptLine> interruptInputs() {
        return current.interruptInputs();
    }

    @Override
    public boolean remapsMemory() {
        return current.remapsMemory();
    }

    @Override
    public int cpuCount() {
        return cpus;
    }

    /** The CPU of the engine in place now: to be asked for anew after a move. */
    @Override
    public VirtualCpu cpu(int index) {
        return current.cpu(index);
    }

    @Override
    public MsiSink msiSink() {
        return (address, data) -> {
            long stamp = moving.readLock();
            try {
                current.msiSink().signal(address, data);
            } finally {
                moving.unlockRead(stamp);
            }
        };
    }

    @Override
    public InterruptLine lint0() {
        return lint0;
    }

    @Override
    public InterruptLine lint1() {
        return lint1;
    }

    @Override
    public void setExternalInterruptSource(ExternalInterruptSource source) {
        externalSource = source;
        current.setExternalInterruptSource(source);
    }

    @Override
    public void setEoiListener(EoiListener listener) {
        eoiListener = listener;
        current.setEoiListener(listener);
    }

    @Override
    public void setNumericErrorLine(InterruptLine line) {
        numericErrorLine = line;
        current.setNumericErrorLine(line);
    }

    @Override
    public InterruptLine ignoreNumericError() {
        return ignoreNumericError;
    }

    /** Of the engine in place now: to be asked for, and wired, anew after a move. */
    @Override
    public Optional<EventWiring> eventWiring() {
        return current.eventWiring();
    }

    /** As {@link #eventWiring}. */
    @Override
    public Optional<DirtyLog> dirtyLog() {
        return current.dirtyLog();
    }

    @Override
    public String statistics() {
        long stamp = moving.readLock();
        try {
            return current.statistics();
        } finally {
            moving.unlockRead(stamp);
        }
    }

    @Override
    public void close() {
        current.close();
    }
}
