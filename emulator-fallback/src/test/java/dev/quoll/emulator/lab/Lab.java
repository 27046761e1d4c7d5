package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * One worker of the comparison: a witness, an emulator and a source of cases. The same seed makes the same cases. Belongs
 * to one thread.
 */
final class Lab implements AutoCloseable {
    private static final int LINUX_SYSTEM_CALL = 0x80;

    private final Witness witness;
    private final LabCpu cpu;
    private final MemorySegment batch;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment mine = arena.allocate(CaseLayout.CASE_SIZE, 64);
    private final MemorySegment again = arena.allocate(CaseLayout.CASE_SIZE, 64);
    private final InstanceMaker instances;
    private final CaseMaker cases;
    private final Comparison comparison;
    private final Proof proof;

    // The batch being filled.
    private final List<LabInstance> placed = new ArrayList<>();
    private final int[] first = new int[CaseLayout.MOST_INSTANCES + 1];

    private Lab(Witness witness, LabCpu cpu, InstanceMaker instances, CaseMaker cases, Comparison comparison, Proof proof) {
        this.witness = witness;
        this.cpu = cpu;
        this.instances = instances;
        this.cases = cases;
        this.comparison = comparison;
        this.proof = proof;
        batch = witness.batch();
    }

    /**
     * Opens one.
     *
     * @param worker its number
     */
    static Lab open(int worker, long seed, HostFeatures host, Proof proof) throws IOException, InterruptedException {
        Random random = new LabRandom(seed);
        CaseMaker cases = new CaseMaker(random, host.amd());
        byte[] contents = cases.contents();
        Witness witness = Witness.start(worker, contents);
        int processor = witness.batch().get(JAVA_INT_UNALIGNED, CaseLayout.BATCH_COUNT);
        return new Lab(
                witness,
                LabCpu.create(host.decoderFeatures(), processor, contents),
                new InstanceMaker(random, host.decoderFeatures()),
                cases,
                new Comparison(host.amd(), proof),
                proof);
    }

    /** Whether the row exists in code of this size on a processor like the host's. */
    boolean exists(OpcodeRow row, boolean wide) {
        return instances.exists(row, wide);
    }

    /** Takes an instance of a row into the batch, with some states; runs the batch when it is full. */
    void add(OpcodeRow row, boolean wide, int states) throws IOException {
        LabInstance instance = instances.next(row, wide);
        if (instance == null || !InstanceMaker.mayRun(instance) || entersSystem(instance)) {
            return;
        }
        // What is no instruction does not depend on the state.
        add(instance, instance.instruction() == null ? 2 : states);
    }

    /** Takes a program of several instructions into the batch. */
    void addProgram(List<OpcodeRow> rows, boolean wide, int states) throws IOException {
        add(instances.program(rows, wide), states);
    }

    private void add(LabInstance instance, int states) throws IOException {
        int from = first[placed.size()];
        if (placed.size() == CaseLayout.MOST_INSTANCES || from + states > CaseLayout.MOST_CASES) {
            flush();
            from = 0;
        }
        long place = CaseLayout.BATCH_INSTANCES + (long) placed.size() * CaseLayout.INSTANCE_SIZE;
        batch.set(JAVA_LONG_UNALIGNED, place + CaseLayout.INSTANCE_ADDRESS, instance.address());
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_LENGTH, instance.code().length);
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_WIDE, instance.wide() ? 1 : 0);
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_FIRST, from);
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_CASES, states);
        MemorySegment.copy(instance.code(), 0, batch, JAVA_BYTE, place + CaseLayout.INSTANCE_CODE, instance.code().length);
        cases.begin(instance);
        for (int i = 0; i < states; i++) {
            cases.make(batch, in(from + i));
        }
        placed.add(instance);
        first[placed.size()] = from + states;
    }

    private static long in(int number) {
        return CaseLayout.BATCH_IN + (long) number * CaseLayout.CASE_SIZE;
    }

    private static long out(int number) {
        return CaseLayout.BATCH_OUT + (long) number * CaseLayout.CASE_SIZE;
    }

    private static boolean entersSystem(LabInstance instance) {
        Instruction instruction = instance.instruction();
        return instruction != null
                && instruction.mnemonic() == Mnemonic.INT
                && instruction.operand(0) instanceof Operand.Immediate(long number, int size)
                && number == LINUX_SYSTEM_CALL;
    }

    /** Runs what is in the batch and compares. */
    void flush() throws IOException {
        if (placed.isEmpty()) {
            return;
        }
        batch.set(JAVA_INT_UNALIGNED, CaseLayout.BATCH_COUNT, placed.size());
        witness.run();
        List<Suspect> suspects = new ArrayList<>();
        for (int i = 0; i < placed.size(); i++) {
            compare(i, suspects);
        }
        placed.clear();
        first[0] = 0;
        for (Suspect suspect : suspects) {
            confirm(suspect);
        }
    }

    /** A case in which the two differed, with the state before it. */
    private record Suspect(LabInstance instance, byte[] before, String differences) {}

    private void compare(int number, List<Suspect> suspects) {
        LabInstance instance = placed.get(number);
        cpu.place(instance.code(), instance.address(), instance.wide());
        int compared = 0;
        Suspect suspect = null;
        for (int i = first[number]; i < first[number + 1]; i++) {
            cpu.run(batch, in(i), mine, 0);
            if (cpu.lacksOp()) {
                proof.lacking(instance.row());
                cpu.unplace(instance.code().length);
                synchronise(number, instance, suspects, false);
                return;
            }
            compared++;
            if (suspect == null && !comparison.equal(instance, mine, 0, batch, out(i))) {
                byte[] before = new byte[CaseLayout.CASE_SIZE];
                MemorySegment.copy(batch, JAVA_BYTE, in(i), before, 0, before.length);
                suspect = new Suspect(instance, before, comparison.differences(instance, mine, 0, batch, out(i)));
                suspects.add(suspect);
            }
        }
        cpu.unplace(instance.code().length);
        proof.compared(instance, compared);
        synchronise(number, instance, suspects, suspect == null);
    }

    /** What was stored outside the windows has to be equal too; afterwards both have the host's. */
    private void synchronise(int number, LabInstance instance, List<Suspect> suspects, boolean clean) {
        long pages = CaseLayout.BATCH_PAGES + (long) number * 2 * CaseLayout.DATA_WRITABLE;
        long[] areas = {CaseLayout.DATA_LOW, CaseLayout.DATA_HIGH};
        for (int i = 0; i < areas.length; i++) {
            long expected = pages + (long) i * CaseLayout.DATA_WRITABLE;
            if (clean && !cpu.holds(areas[i], batch, expected, Leeway.bytes(instance.instruction()))) {
                suspects.add(new Suspect(instance, null, "  memory away from the operands\n"));
            }
            cpu.fill(areas[i], batch, expected, CaseLayout.DATA_WRITABLE);
        }
    }

    /**
     * Runs a case again on both. Linux does not keep the x87 pointers of a process it takes the processor from, so that once is
     * no proof.
     */
    private void confirm(Suspect suspect) throws IOException {
        if (suspect.before == null) {
            proof.mismatch(suspect.instance, suspect.differences + "  (seen once)\n");
            return;
        }
        for (int trial = 0; trial < 2; trial++) {
            first[0] = 0;
            place(suspect);
            batch.set(JAVA_INT_UNALIGNED, CaseLayout.BATCH_COUNT, 1);
            witness.run();
            cpu.place(suspect.instance.code(), suspect.instance.address(), suspect.instance.wide());
            cpu.run(batch, in(0), again, 0);
            cpu.unplace(suspect.instance.code().length);
            boolean equal = comparison.equal(suspect.instance, again, 0, batch, out(0));
            synchronise(0, suspect.instance, new ArrayList<>(), false);
            if (equal) {
                return;
            }
        }
        String differences = comparison.differences(suspect.instance, again, 0, batch, out(0));
        proof.mismatch(suspect.instance, differences + state(suspect.before));
    }

    private void place(Suspect suspect) {
        LabInstance instance = suspect.instance;
        long place = CaseLayout.BATCH_INSTANCES;
        batch.set(JAVA_LONG_UNALIGNED, place + CaseLayout.INSTANCE_ADDRESS, instance.address());
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_LENGTH, instance.code().length);
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_WIDE, instance.wide() ? 1 : 0);
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_FIRST, 0);
        batch.set(JAVA_INT_UNALIGNED, place + CaseLayout.INSTANCE_CASES, 1);
        MemorySegment.copy(instance.code(), 0, batch, JAVA_BYTE, place + CaseLayout.INSTANCE_CODE, instance.code().length);
        MemorySegment.copy(suspect.before, 0, batch, JAVA_BYTE, in(0), suspect.before.length);
    }

    private static String state(byte[] before) {
        MemorySegment state = MemorySegment.ofArray(before);
        StringBuilder text = new StringBuilder("  from gpr");
        for (int i = 0; i < 16; i++) {
            text.append(" %x".formatted(state.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_GPR + 8 * i)));
        }
        long image = CaseLayout.CASE_IMAGE;
        text.append(" flags %x fs %x gs %x mxcsr %x x87 control %x status+tags %x%n".formatted(
                state.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FLAGS),
                state.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_FS_BASE),
                state.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_GS_BASE),
                state.get(JAVA_INT_UNALIGNED, image + LabCpu.IMAGE_MXCSR),
                state.get(JAVA_INT_UNALIGNED, image) & 0xffff,
                state.get(JAVA_INT_UNALIGNED, image + LabCpu.IMAGE_STATUS)));
        for (int i = 0; i < 2; i++) {
            int length = state.get(JAVA_INT_UNALIGNED, CaseLayout.CASE_WINDOW_LENGTH + 4 * i);
            if (length > 0) {
                int from = CaseLayout.CASE_WINDOW + CaseLayout.WINDOW_SIZE * i;
                text.append("    memory at %x:".formatted(state.get(JAVA_LONG_UNALIGNED, CaseLayout.CASE_WINDOW_ADDRESS + 8 * i)));
                for (byte value : Arrays.copyOfRange(before, from, from + length)) {
                    text.append(" %02x".formatted(value));
                }
                text.append(System.lineSeparator());
            }
        }
        for (int i = 0; i < 16; i++) {
            text.append("    xmm%d %016x%016x%016x%016x".formatted(
                    i,
                    state.get(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_YMM + 16 * i + 8),
                    state.get(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_YMM + 16 * i),
                    state.get(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_XMM + 16 * i + 8),
                    state.get(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_XMM + 16 * i)));
            text.append(i % 2 == 1 ? System.lineSeparator() : "");
        }
        for (int i = 0; i < 8; i++) {
            text.append(" st%d %04x:%016x".formatted(
                    i,
                    state.get(JAVA_INT_UNALIGNED, image + LabCpu.IMAGE_STACK + 16 * i + 8) & 0xffff,
                    state.get(JAVA_LONG_UNALIGNED, image + LabCpu.IMAGE_STACK + 16 * i)));
        }
        return text.append(System.lineSeparator()).toString();
    }

    @Override
    public void close() throws IOException {
        witness.close();
        cpu.close();
        arena.close();
    }
}
