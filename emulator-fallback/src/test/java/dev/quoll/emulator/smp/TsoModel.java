package dev.quoll.emulator.smp;

import dev.quoll.emulator.smp.Litmus.Kind;
import dev.quoll.emulator.smp.Litmus.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * All outcomes of a litmus test that x86-TSO allows, by exploring an abstract machine (Sewell, Sarkar, Owens, Nardelli,
 * Myreen: x86-TSO, CACM 53/7, 2010): each processor has a first-in first-out store buffer, reads its own newest store
 * first, and drains the buffer before MFENCE and locked instructions, which act on memory in one step.
 *
 * <p>The model is by bytes, for accesses of mixed sizes: a load takes each byte from the newest store that has it. A plain
 * access that straddles the boundary inside its location is not atomic (SDM vol. 3, 9.1.1): the parts on either side are
 * accessed one after the other, in any order. A locked one is atomic all the same (9.1.2).
 */
final class TsoModel {
    private static final int BYTES = 8;

    private final Litmus test;
    /** Offset in every location at which an access is split, or {@link #BYTES} for none. */
    private final int boundary;

    private final List<Litmus.Observable> observables;
    private final TreeMap<String, List<Long>> outcomes = new TreeMap<>();
    private final Set<String> seen = new HashSet<>();

    private TsoModel(Litmus test, int boundary) {
        this.test = test;
        this.boundary = boundary;
        this.observables = test.observables();
    }

    /** @param boundary offset of the line or page border inside each location, 8 for none */
    static Set<List<Long>> outcomes(Litmus test, int boundary) {
        TsoModel model = new TsoModel(test, boundary);
        int count = test.threads().size();
        Processor[] processors = new Processor[count];
        for (int i = 0; i < count; i++) {
            processors[i] = new Processor();
        }
        model.explore(new State(new byte[Litmus.LOCATIONS.size() * BYTES], processors));
        return new HashSet<>(model.outcomes.values());
    }

    /** A store waiting in a buffer: one byte range of memory. */
    private record Pending(int address, byte[] bytes) {}

    private static final class Processor {
        int next;
        /** Parts of a split access that are done: 1 the lower one, 2 the upper one. */
        int done;

        long partial;
        final long[] registers = new long[Litmus.REGISTERS.size()];
        final List<Pending> buffer = new ArrayList<>();

        Processor copy() {
            Processor copy = new Processor();
            copy.next = next;
            copy.done = done;
            copy.partial = partial;
            System.arraycopy(registers, 0, copy.registers, 0, registers.length);
            copy.buffer.addAll(buffer);
            return copy;
        }

        void set(int register, int size, long value) {
            long old = registers[register];
            registers[register] = switch (size) {
                case 8 -> value;
                // Writing 32 bits clears the upper half; 8 and 16 keep the rest (SDM vol. 1, 3.4.1.1).
                case 4 -> value & 0xffff_ffffL;
                default -> old & -1L << 8 * size | value & (1L << 8 * size) - 1;
            };
        }

        long get(Step step) {
            return step.register() < 0 ? step.value() : registers[step.register()];
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            text.append(next).append(',').append(done).append(',').append(partial);
            text.append(Arrays.toString(registers));
            for (Pending pending : buffer) {
                text.append(pending.address).append('=').append(Arrays.toString(pending.bytes));
            }
            return text.toString();
        }
    }

    private record State(byte[] memory, Processor[] processors) {
        State copy() {
            Processor[] copies = new Processor[processors.length];
            for (int i = 0; i < copies.length; i++) {
                copies[i] = processors[i].copy();
            }
            return new State(memory.clone(), copies);
        }

        String key() {
            return Arrays.toString(memory) + Arrays.toString(processors);
        }

        long read(int thread, int address, int size) {
            long value = 0;
            for (int i = 0; i < size; i++) {
                value |= (readByte(thread, address + i) & 0xffL) << 8 * i;
            }
            return value;
        }

        byte readByte(int thread, int address) {
            List<Pending> buffer = processors[thread].buffer;
            for (int i = buffer.size() - 1; i >= 0; i--) {
                int at = address - buffer.get(i).address;
                if (at >= 0 && at < buffer.get(i).bytes.length) {
                    return buffer.get(i).bytes[at];
                }
            }
            return memory[address];
        }

        void write(int address, int size, long value) {
            for (int i = 0; i < size; i++) {
                memory[address + i] = (byte) (value >>> 8 * i);
            }
        }
    }

    private void explore(State state) {
        if (!seen.add(state.key())) {
            return;
        }
        boolean ended = true;
        for (int thread = 0; thread < state.processors.length; thread++) {
            Processor processor = state.processors[thread];
            if (!processor.buffer.isEmpty()) {
                ended = false;
                State after = state.copy();
                Pending oldest = after.processors[thread].buffer.removeFirst();
                System.arraycopy(oldest.bytes, 0, after.memory, oldest.address, oldest.bytes.length);
                explore(after);
            }
            List<Step> steps = test.threads().get(thread);
            if (processor.next < steps.size()) {
                ended = false;
                execute(state, thread, steps.get(processor.next));
            }
        }
        if (ended) {
            List<Long> outcome = new ArrayList<>();
            for (Litmus.Observable each : observables) {
                outcome.add(
                        each.thread() < 0
                                ? state.read(0, each.number() * BYTES, BYTES)
                                : state.processors[each.thread()].registers[each.number()]);
            }
            outcomes.put(outcome.toString(), outcome);
        }
    }

    private void execute(State state, int thread, Step step) {
        int address = step.location() * BYTES + step.offset();
        boolean split = step.offset() < boundary && step.offset() + step.size() > boundary;
        boolean plain = step.kind() == Kind.LOAD || step.kind() == Kind.STORE;
        if (split && plain) {
            for (int part = 1; part <= 2; part++) {
                if ((state.processors[thread].done & part) == 0) {
                    State after = state.copy();
                    splitPart(after, thread, step, part);
                    explore(after);
                }
            }
            return;
        }
        if (!plain && step.kind() != Kind.SET && !state.processors[thread].buffer.isEmpty()) {
            // A fence or a locked instruction waits until the buffer has drained.
            return;
        }
        State after = state.copy();
        Processor processor = after.processors[thread];
        processor.next++;
        int size = step.size();
        switch (step.kind()) {
            case LOAD -> processor.set(step.register(), size, after.read(thread, address, size));
            case STORE -> processor.buffer.add(new Pending(address, bytes(processor.get(step), size)));
            case SET -> processor.set(step.register(), size, step.value());
            case FENCE -> {}
            case XCHG -> {
                long old = after.read(thread, address, size);
                after.write(address, size, processor.get(step));
                processor.set(step.register(), size, old);
            }
            case ADD -> after.write(address, size, after.read(thread, address, size) + processor.get(step));
            case XADD -> {
                long old = after.read(thread, address, size);
                after.write(address, size, old + processor.get(step));
                processor.set(step.register(), size, old);
            }
            case CMPXCHG -> {
                long old = after.read(thread, address, size);
                long mask = size == 8 ? -1 : (1L << 8 * size) - 1;
                if (old == (processor.registers[0] & mask)) {
                    after.write(address, size, processor.get(step));
                } else {
                    processor.set(0, size, old);
                }
            }
        }
        explore(after);
    }

    private void splitPart(State state, int thread, Step step, int part) {
        int from = part == 1 ? step.offset() : boundary;
        int size = part == 1 ? boundary - step.offset() : step.offset() + step.size() - boundary;
        int address = step.location() * BYTES + from;
        int shift = 8 * (from - step.offset());
        Processor processor = state.processors[thread];
        if (step.kind() == Kind.LOAD) {
            processor.partial |= state.read(thread, address, size) << shift;
        } else {
            processor.buffer.add(new Pending(address, bytes(processor.get(step) >>> shift, size)));
        }
        processor.done |= part;
        if (processor.done == 3) {
            if (step.kind() == Kind.LOAD) {
                processor.set(step.register(), step.size(), processor.partial);
            }
            processor.done = 0;
            processor.partial = 0;
            processor.next++;
        }
    }

    private static byte[] bytes(long value, int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (value >>> 8 * i);
        }
        return bytes;
    }
}
