package dev.quoll.emulator.smp;

import dev.quoll.emulator.smp.Litmus.Observable;
import dev.quoll.emulator.smp.Litmus.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Runs litmus tests as guest code on as many virtual CPUs as the test has processors.
 *
 * <p>A batch is a loop of rounds over arrays of locations, one element a round, so that no round has to clean up behind
 * another; before each round the CPUs meet at a barrier. Results go to arrays too, which the host counts after the batch.
 */
final class LitmusMachine implements AutoCloseable {
    /** Where an element of a location lies, so that an access of two bytes or more at it crosses what the name says. */
    enum Placement {
        ALIGNED(0, 128, 8),
        QUADWORD(6, 128, 2),
        LINE(62, 128, 2),
        PAGE(4094, 4096, 2);

        final int start;
        final int stride;
        /** Offset of the border within a location, for the model. */
        final int boundary;

        Placement(int start, int stride, int boundary) {
            this.start = start;
            this.stride = stride;
            this.boundary = boundary;
        }
    }

    /**
     * What came out.
     *
     * @param counts how often each outcome was seen
     * @param allowed the outcomes that x86-TSO allows
     */
    record Histogram(Litmus test, Placement placement, Map<List<Long>, Long> counts, Set<List<Long>> allowed) {
        long rounds() {
            return counts.values().stream().mapToLong(Long::longValue).sum();
        }

        /** Rounds with outcomes that x86-TSO forbids. */
        long violations() {
            return counts.entrySet().stream()
                    .filter(entry -> !allowed.contains(entry.getKey()))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        }

        /** How often the outcome that the test is about was seen. */
        long witnesses() {
            return counts.entrySet().stream()
                    .filter(entry -> test.matches(entry.getKey()))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        }

        boolean witnessAllowed() {
            return allowed.stream().anyMatch(test::matches);
        }

        /** Name, verdict, counts; with every outcome when something forbidden was seen. */
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder("%-28s %-8s %9d rounds  %-9s seen %7d  %d of %d outcomes"
                    .formatted(
                            test.name(),
                            placement,
                            rounds(),
                            witnessAllowed() ? "allowed" : "forbidden",
                            witnesses(),
                            counts.size(),
                            allowed.size()));
            if (violations() != 0) {
                TreeMap<String, Long> sorted = new TreeMap<>();
                counts.forEach((outcome, count) ->
                        sorted.put(test.describe(outcome) + (allowed.contains(outcome) ? "" : "   FORBIDDEN"), count));
                text.append('\n').append(test.text());
                sorted.forEach((outcome, count) -> text.append("\n%10d  %s".formatted(count, outcome)));
            }
            return text.toString();
        }
    }

    /**
     * Where the rounds of a batch have their data, in guest-physical memory.
     *
     * @param count rounds
     * @param columns of the test
     */
    record Rounds(int count, int columns, Placement placement) {
        /** The number of the round that a column has come to. */
        long barrier(int thread) {
            return BARRIER + BARRIER_STRIDE * thread;
        }

        long result(int thread, int round, int register) {
            return RESULTS + thread * RESULTS_EACH + (long) round * RESULT_STRIDE + 8L * register;
        }

        /** A location in a round, of which {@link Placement#boundary} bytes lie in one piece. */
        long element(int location, int round) {
            return DATA + location * DATA_EACH + placement.start + (long) round * placement.stride ^ NEIGHBOUR;
        }
    }

    private static final int RESULT_STRIDE = 64;
    private static final int BARRIER_STRIDE = 128;
    private static final int DELAY_BITS = 7;
    /** Batches begin small, since on a busy host a barrier can take milliseconds. */
    private static final int FIRST_BATCH = 64;
    private static final int BATCH = 1024;
    private static final int BATCH_OF_PAGES = 512;
    // Pages of one CPU that are 1024 apart would take turns in its TLB: these are at different distances.
    private static final long CODE = 0x0010_0000;
    private static final long BARRIER = 0x001c_0000;
    private static final long RESULTS = 0x0028_0000;
    private static final long RESULTS_EACH = 0x0010_0000;
    static final long DATA = 0x0080_0000;
    static final long DATA_EACH = 0x0042_0000;

    /** Neighbouring pages of locations are no neighbours in RAM. */
    private static final long NEIGHBOUR = 0x1000;

    final SmpMachine machine;
    private final int cpus;
    private final Random random = new Random(1);
    private final ExecutorService hostThreads = Executors.newCachedThreadPool(
            Thread.ofPlatform().name("litmus-host-", 0).daemon().factory());

    LitmusMachine(int cpus) {
        this.cpus = cpus;
        machine = new SmpMachine(cpus);
        for (long page = DATA; page < DATA + 4 * DATA_EACH; page += 0x1000) {
            machine.map(page, page ^ NEIGHBOUR, 7);
        }
    }

    /**
     * Runs a test for that many rounds, and in fewer when they take too long; always for one batch. Columns beyond the CPUs
     * are threads of the host.
     */
    Histogram run(Litmus test, Placement placement, long most, Duration longest) throws Exception {
        int columns = test.threads().size();
        int count = Math.min(columns, cpus);
        List<Observable> observables = test.observables();
        int largest = placement == Placement.PAGE ? BATCH_OF_PAGES : BATCH;
        for (int thread = 0; thread < count; thread++) {
            machine.load(CODE + 0x1000L * thread, Map.of(), program(test, thread, placement, observables));
            machine.enter(thread, CODE + 0x1000L * thread);
        }
        Map<List<Long>, Long> counts = new HashMap<>();
        long start = System.nanoTime();
        int batch = FIRST_BATCH;
        for (long done = 0; done == 0 || done < most && System.nanoTime() - start < longest.toNanos();) {
            machine.memory.clear(DATA, 4 * DATA_EACH);
            machine.memory.clear(BARRIER, 0x1000);
            Rounds rounds = new Rounds(batch, columns, placement);
            List<Future<?>> outside = new ArrayList<>();
            for (int thread = count; thread < columns; thread++) {
                outside.add(hostThreads.submit(
                        new HostColumn(machine.memory, test, thread, rounds, random.nextLong())));
            }
            for (int thread = 0; thread < count; thread++) {
                machine.resume(thread, CODE + 0x1000L * thread, registers(thread, random.nextInt(), batch, placement));
            }
            machine.runAll(count, 120);
            for (Future<?> each : outside) {
                each.get(120, TimeUnit.SECONDS);
            }
            collect(observables, rounds, counts);
            done += batch;
            batch = Math.min(2 * batch, largest);
        }
        return new Histogram(test, placement, counts, TsoModel.outcomes(test, placement.boundary));
    }

    private static long[] registers(int thread, int seed, int batch, Placement placement) {
        long[] registers = new long[16];
        for (int location = 0; location < 4; location++) {
            registers[8 + location] = DATA + location * DATA_EACH + placement.start;
        }
        registers[4] = SmpMachine.STACKS + 0x1000L * (thread + 1);
        registers[7] = seed;
        registers[12] = batch;
        registers[14] = BARRIER;
        registers[15] = RESULTS + thread * RESULTS_EACH;
        return registers;
    }

    /**
     * RSI: offset of the round's element; R8 to R11: the arrays; R12: rounds left; R13: the round, which each
     * CPU tells the others at R14 in plain stores, so that no fence is near; EDI: random numbers for a delay behind this
     * barrier, since the CPUs leave it one after the other.
     */
    private static String program(Litmus test, int thread, Placement placement, List<Observable> observables) {
        StringBuilder code = new StringBuilder();
        // Delays of every magnitude: what it takes for two CPUs to meet depends on how far the JIT has come.
        code.append("""
                round:
                IMUL EDI,EDI,1103515245
                ADD EDI,12345
                MOV EBP,EDI
                SHR EBP,%d
                MOV ECX,EDI
                SHR ECX,16
                AND ECX,7
                SHR EBP,CL
                """.formatted(32 - DELAY_BITS));
        for (String register : Litmus.REGISTERS) {
            code.append("MOV E").append(register).append(",0\n");
        }
        code.append("""
                INC R13
                MOV [R14+%d],R13
                """.formatted(BARRIER_STRIDE * thread));
        for (int other = 0; other < test.threads().size(); other++) {
            if (other != thread) {
                code.append("""
                        JMP look%1$d
                        wait%1$d:
                        PAUSE
                        look%1$d:
                        CMP [R14+%2$d],R13
                        JB wait%1$d
                        """.formatted(other, BARRIER_STRIDE * other));
            }
        }
        code.append("""
                delay:
                DEC EBP
                JNS delay
                """);
        List<Step> steps = test.threads().get(thread);
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            code.append(step.kind() == Litmus.Kind.FENCE ? step.barrier().code(i) : instruction(step)).append('\n');
        }
        for (Observable each : observables) {
            if (each.thread() == thread) {
                code.append("MOV [R15+%d],R%s\n".formatted(8 * each.number(), Litmus.REGISTERS.get(each.number())));
            }
        }
        code.append("""
                ADD R15,%d
                ADD RSI,%d
                DEC R12D
                JNZ round
                END
                """.formatted(RESULT_STRIDE, placement.stride));
        return code.toString();
    }

    private static String instruction(Step step) {
        String memory = "%s [R%d+RSI+%d]".formatted(sizeName(step.size()), 8 + step.location(), step.offset());
        String register = step.register() < 0 ? Long.toString(step.value()) : registerName(step.register(), step.size());
        return switch (step.kind()) {
            case LOAD -> "MOV " + register + "," + memory;
            case STORE -> "MOV " + memory + "," + register;
            case SET -> "MOV " + register + "," + step.value();
            case FENCE -> throw new IllegalArgumentException("more than one instruction");
            case XCHG -> "XCHG " + memory + "," + register;
            case ADD, XADD, CMPXCHG -> "LOCK " + step.kind() + " " + memory + "," + register;
        };
    }

    private static String sizeName(int size) {
        return switch (size) {
            case 1 -> "BYTE";
            case 2 -> "WORD";
            case 4 -> "DWORD";
            default -> "QWORD";
        };
    }

    private static String registerName(int register, int size) {
        String name = Litmus.REGISTERS.get(register);
        return switch (size) {
            case 1 -> name.charAt(0) + "L";
            case 2 -> name;
            case 4 -> "E" + name;
            default -> "R" + name;
        };
    }

    private void collect(List<Observable> observables, Rounds rounds, Map<List<Long>, Long> counts) {
        for (int round = 0; round < rounds.count; round++) {
            List<Long> outcome = new ArrayList<>(observables.size());
            for (Observable each : observables) {
                outcome.add(
                        each.thread() < 0
                                ? location(each.number(), rounds.placement, round)
                                : machine.memory.readLong(rounds.result(each.thread(), round, each.number())));
            }
            counts.merge(outcome, 1L, Long::sum);
        }
    }

    private long location(int number, Placement placement, int round) {
        long value = 0;
        long linear = DATA + number * DATA_EACH + placement.start + (long) round * placement.stride;
        for (int i = 0; i < 8; i++) {
            value |= (machine.memory.readByte(linear + i ^ NEIGHBOUR) & 0xffL) << 8 * i;
        }
        return value;
    }

    @Override
    public void close() throws Exception {
        hostThreads.shutdownNow();
        machine.close();
    }
}
