package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.MemOp;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.SimpleOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.Repeat;

/** IN, OUT, INS and OUTS (SDM vol. 1, chapter 19). */
final class PortFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case IN -> new In(instruction.operand(1), width(instruction.operand(0)));
            case OUT -> new Out(instruction.operand(0), width(instruction.operand(1)));
            case INS -> new PortString(instruction, context, true);
            case OUTS -> new PortString(instruction, context, false);
            default -> null;
        };
    }

    private static int width(Operand accumulator) {
        return ((Operand.Register) accumulator).size();
    }

    /** A port number fixed in the instruction, or -1 for DX. */
    private static int fixedPort(Operand operand) {
        return operand instanceof Operand.Immediate(long value, int size) ? (int) value & 0xff : -1;
    }

    private static int port(Cpu cpu, int fixed) {
        return fixed >= 0 ? fixed : cpu.get16(StateLayout.RDX) & 0xffff;
    }

    /** CPL above IOPL, and virtual-8086 code always, needs the I/O permission bitmap. */
    private static void check(Cpu cpu, Op op, int port, int width) {
        if (cpu.cpl == 0) {
            return;
        }
        if (!cpu.virtual8086() && cpu.cpl <= ((int) cpu.systemFlags() >>> 12 & 3)) {
            return;
        }
        cpu.setRip(op.rip(cpu));
        if (!TaskState.portAllowed(cpu, port, width)) {
            throw cpu.generalProtection(op, 0);
        }
    }

    // No port is reached before memory has what was written ahead of it (SDM vol. 3, 9.3).

    private static int read(Cpu cpu, int port, int width) {
        cpu.drainStores();
        return cpu.platform().readPort(port, width);
    }

    private static void write(Cpu cpu, int port, int width, int value) {
        cpu.drainStores();
        cpu.platform().writePort(port, width, value);
    }

    private static final class In extends SimpleOp {
        private final int fixed;
        private final int width;

        In(Operand port, int width) {
            this.fixed = fixedPort(port);
            this.width = width;
        }

        @Override
        public void execute(Cpu cpu) {
            int port = port(cpu, fixed);
            check(cpu, this, port, width);
            cpu.setSized(StateLayout.RAX, width, read(cpu, port, width));
            cpu.watchPort(port, width);
        }
    }

    private static final class Out extends SimpleOp {
        private final int fixed;
        private final int width;

        Out(Operand port, int width) {
            this.fixed = fixedPort(port);
            this.width = width;
        }

        @Override
        public void execute(Cpu cpu) {
            int port = port(cpu, fixed);
            check(cpu, this, port, width);
            long mask = width == 4 ? -1L : (1L << 8 * width) - 1;
            write(cpu, port, width, (int) (cpu.get32(StateLayout.RAX) & mask));
            cpu.watchPort(port, width);
        }
    }

    /** INS and OUTS: each iteration is complete before the next, and events get their turn after a bounded number. */
    private static final class PortString extends MemOp {
        private static final int ITERATIONS = 1024;

        private final boolean input;
        private final boolean repeated;
        private final int width;
        private final int pointerSlot;
        private final int addressSize;

        PortString(Instruction instruction, BlockContext context, boolean input) {
            super(context, instruction.memory(), input);
            this.input = input;
            this.repeated = instruction.rep() != Repeat.NONE;
            this.width = instruction.memory().size();
            this.pointerSlot = input ? StateLayout.RDI : StateLayout.RSI;
            this.addressSize = instruction.addressSize();
        }

        @Override
        public Block run(Cpu cpu) {
            int port = cpu.get16(StateLayout.RDX) & 0xffff;
            check(cpu, this, port, width);
            if (!repeated) {
                transfer(cpu, port);
                return next.run(cpu);
            }
            long mask = addressSize == 8 ? -1L : addressSize == 4 ? 0xffffffffL : 0xffffL;
            int most = cpu.singleStepping() ? 1 : ITERATIONS;
            for (int i = 0; i < most; i++) {
                long left = cpu.get64(StateLayout.RCX) & mask;
                if (left == 0) {
                    return next.run(cpu);
                }
                transfer(cpu, port);
                cpu.setSized(StateLayout.RCX, addressSize, left - 1);
                if (left != 1 && (i == most - 1 || cpu.eventPending())) {
                    return cpu.leaveRepetition(this);
                }
            }
            return next.run(cpu);
        }

        private void transfer(Cpu cpu, int port) {
            long address = address(cpu);
            if (input) {
                // The page is checked before the port is read: reading a port has effects that a restart would repeat.
                cpu.probeWrite(this, address, width);
                cpu.storeSized(this, address, width, read(cpu, port, width));
            } else {
                write(cpu, port, width, (int) cpu.loadSized(this, address, width));
            }
            cpu.watchPort(port, width);
            long step = cpu.flag(Flags.DF) ? -width : width;
            cpu.setSized(pointerSlot, addressSize, cpu.get64(pointerSlot) + step);
        }
    }
}
