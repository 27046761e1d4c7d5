package dev.quoll.emulator.integer;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.HostCpu;
import dev.quoll.emulator.oracle.Instance;
import dev.quoll.emulator.oracle.Oracle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Gives operands the values that matter to an instruction, and keeps it from faulting. */
final class OperandSetup implements Oracle.Setup {
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RDX = 2;
    private static final int RBX = 3;
    private static final int RBP = 5;
    /** Flags that POPF may load: no trap, no alignment check. */
    private static final int LOADABLE = Flags.STATUS | Flags.DF;

    private final Random random;

    OperandSetup(Random random) {
        this.random = random;
    }

    /** Whether an instance can be kept from faulting at all. */
    boolean accepts(Instance instance) {
        return switch (instance.row().mnemonic()) {
            // A bit offset that is an address too reaches anywhere.
            case BT, BTS, BTR, BTC ->
                instance.memory() == null
                        || !(instance.operands().get(1) instanceof Operand.Register register)
                        || !instance.addresses(register.number());
            case ENTER -> ((Operand.Immediate) instance.operands().get(0)).value() >>> 9 == 0;
            default -> true;
        };
    }

    @Override
    public void adjust(Instance instance, CpuState state, byte[] data, long dataAddress) {
        switch (instance.row().mnemonic()) {
            case ROL, ROR, RCL, RCR, SHL, SHR, SAR, SHLD, SHRD -> {
                if (!instance.addresses(RCX) && random.nextInt(4) != 0) {
                    state.gpr[RCX] = state.gpr[RCX] & ~0xff | random.nextInt(256) >> random.nextInt(3);
                }
            }
            case SHLX, SHRX, SARX, BZHI, BEXTR -> {
                if (instance.operands().get(2) instanceof Operand.Register register
                        && !instance.addresses(register.number())) {
                    int control = random.nextInt(256) >> random.nextInt(4) | random.nextInt(256) >> random.nextInt(4) << 8;
                    state.gpr[register.number()] = state.gpr[register.number()] & ~0xffff | control;
                }
            }
            case CMPXCHG -> {
                if (!instance.addresses(RAX) && random.nextBoolean()) {
                    state.gpr[RAX] = value(instance, instance.operands().get(0), state, data, dataAddress);
                }
            }
            case CMPXCHG8B, CMPXCHG16B -> {
                if (!instance.addresses(RAX) && !instance.addresses(RDX) && random.nextBoolean()) {
                    int half = instance.memory().size() / 2;
                    int at = (int) (instance.target() - dataAddress);
                    state.gpr[RAX] = read(data, at, half);
                    state.gpr[RDX] = read(data, at + half, half);
                }
            }
            case BT, BTS, BTR, BTC -> bitOffset(instance, state, dataAddress);
            case XLAT -> state.gpr[RBX] = dataAddress + random.nextInt(HostCpu.DATA_SIZE - 255);
            case LEAVE -> state.gpr[RBP] = dataAddress + random.nextInt(HostCpu.DATA_SIZE - 8);
            case ENTER -> {
                state.gpr[CpuState.RSP] = dataAddress + HostCpu.DATA_SIZE / 2 + random.nextInt(256);
                state.gpr[RBP] = dataAddress + 512 + random.nextInt(HostCpu.DATA_SIZE - 512);
            }
            case POPF -> {
                int at = (int) (state.gpr[CpuState.RSP] - dataAddress);
                ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putLong(at, random.nextInt() & LOADABLE);
            }
            case STD, CLD -> state.flags |= random.nextInt() & Flags.DF;
            default -> {}
        }
    }

    /** A bit offset in a register, in memory anywhere in the buffer and on both sides of the operand. */
    private void bitOffset(Instance instance, CpuState state, long dataAddress) {
        if (instance.memory() == null || !(instance.operands().get(1) instanceof Operand.Register register)) {
            return;
        }
        int size = register.size();
        int target = (int) (instance.target() - dataAddress);
        // A 16-bit offset is signed too.
        int reach = size == 2 ? 1 << 11 : HostCpu.DATA_SIZE;
        int lowest = Math.max(-(target / size), -reach);
        int end = Math.min((HostCpu.DATA_SIZE - target) / size, reach);
        long offset = (lowest + random.nextInt(end - lowest)) * 8L * size + random.nextInt(8 * size);
        state.gpr[register.number()] = switch (size) {
            case 2 -> state.gpr[register.number()] & ~0xffffL | offset & 0xffff;
            case 4 -> state.gpr[register.number()] & ~0xffff_ffffL | offset & 0xffff_ffffL;
            default -> offset;
        };
    }

    private static long value(Instance instance, Operand operand, CpuState state, byte[] data, long dataAddress) {
        return switch (operand) {
            case Operand.Memory memory -> read(data, (int) (instance.target() - dataAddress), memory.size());
            case Operand.Register(RegisterClass cls, int number, int size) ->
                cls == RegisterClass.GPR8_HIGH ? state.gpr[number] >> 8 : state.gpr[number];
            default -> throw new IllegalArgumentException("no destination: " + operand);
        };
    }

    private static long read(byte[] data, int at, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (data[at + i] & 0xffL) << 8 * i;
        }
        return value;
    }
}
