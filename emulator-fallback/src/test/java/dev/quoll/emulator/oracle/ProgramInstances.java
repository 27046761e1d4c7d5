package dev.quoll.emulator.oracle;

import dev.quoll.emulator.isa.Operand;
import java.util.Random;

/**
 * Instances for the middle of a program, where registers hold anything: memory operands go by two registers that point
 * into the data buffer and one that holds a small number, and nothing else names these three or RSP.
 */
final class ProgramInstances extends InstanceGenerator {
    private static final int LARGEST_INDEX = 256;
    /** Keeps room on both sides of what the pointers point at. */
    private static final int MARGIN = 1024;

    private final int[] pointers = new int[2];
    private final long[] addresses = new long[2];
    private int index;
    private int indexValue;

    ProgramInstances(Random random, long dataAddress) {
        super(random, dataAddress);
    }

    /** Chooses other registers and values for the next program. */
    void restart() {
        pointers[0] = 8 + random.nextInt(4);
        pointers[1] = random.nextBoolean() ? 5 : 12 + random.nextInt(2);
        index = 14 + random.nextInt(2);
        indexValue = random.nextInt(LARGEST_INDEX);
        for (int i = 0; i < 2; i++) {
            addresses[i] = dataAddress + MARGIN + random.nextInt(HostCpu.DATA_SIZE - 2 * MARGIN);
        }
    }

    /** Gives the registers of memory operands, and RSP, their values. */
    void prepare(CpuState state) {
        for (int i = 0; i < 2; i++) {
            state.gpr[pointers[i]] = addresses[i];
        }
        state.gpr[index] = indexValue;
        state.gpr[CpuState.RSP] = dataAddress + HostCpu.DATA_SIZE / 2 + random.nextInt(MARGIN);
    }

    boolean reserved(int register) {
        return register == CpuState.RSP || register == pointers[0] || register == pointers[1] || register == index;
    }

    /** One of the registers that point into the data buffer, at least {@link #MARGIN} from its ends. */
    int pointer() {
        return pointers[random.nextInt(2)];
    }

    /** A register that instructions may change. */
    int free() {
        int number;
        do {
            number = random.nextInt(16);
        } while (reserved(number));
        return number;
    }

    @Override
    boolean mayLackRex(Form form) {
        return !form.memory();
    }

    @Override
    int general() {
        int number = super.general();
        while (reserved(number)) {
            number = random.nextInt(8);
        }
        return number;
    }

    @Override
    Operand.Memory memory(int size, long target, int addressSize) {
        int choice = random.nextInt(2);
        long displacement = target - addresses[choice];
        return switch (random.nextInt(4)) {
            case 0 -> at(Operand.Memory.RIP, Operand.Memory.NONE, 0, 0x1000_0000, size, addressSize);
            case 1 -> {
                int shift = random.nextInt(4);
                long rest = displacement - ((long) indexValue << shift);
                yield at(pointers[choice], index, shift, rest, size, addressSize);
            }
            default -> at(pointers[choice], Operand.Memory.NONE, 0, displacement, size, addressSize);
        };
    }
}
