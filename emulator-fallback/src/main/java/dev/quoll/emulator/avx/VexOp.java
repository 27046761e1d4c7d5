package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Segment;

/**
 * An op with a target register, a first source in a register, and a second one in a register or memory. Vectors are read
 * and written by quadwords, 0 the lowest.
 *
 * <p>The source's form is 0 for a register, else the bytes of the memory operand. Form and length are constants of the
 * specialisation and handed to the methods here, which fold when they are inlined. Every source is read before the
 * target is written, since a fault must leave the target alone and one register may be all three.
 */
abstract class VexOp extends TemplateOp {
    static final int REGISTER = 0;
    static final int XMM = 16;
    static final int YMM = 32;

    /** Stands for the memory operand of an instruction without one; its address is never asked for. */
    private static final Operand.Memory ABSENT =
            new Operand.Memory(Segment.DS, false, Operand.Memory.NONE, Operand.Memory.NONE, 0, 0, 0, 8);

    /** State-block slot of the first operand, 0 when that is memory. */
    final int target;
    /** Slot of the second operand, 0 when that is memory. */
    final int first;
    /** Slot of the third operand, or of the second when there are but two; 0 when that is memory. */
    final int source;

    /** A prototype. */
    VexOp() {
        target = 0;
        first = 0;
        source = 0;
    }

    VexOp(Instruction instruction, BlockContext context) {
        this(instruction, context, instruction.memory() == null ? ABSENT : instruction.memory());
    }

    /** @param memory what the op takes for the memory operand */
    VexOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, instruction.operand(0) instanceof Operand.Memory);
        target = vectorOrGeneral(instruction.operand(0));
        first = vectorOrGeneral(instruction.operand(1));
        boolean three = instruction.operandCount() > 2 && !(instruction.operand(2) instanceof Operand.Immediate);
        source = three ? vectorOrGeneral(instruction.operand(2)) : first;
    }

    /** Slot of a vector or general register, 0 for other operands. */
    static int vectorOrGeneral(Operand operand) {
        if (!(operand instanceof Operand.Register register)) {
            return 0;
        }
        return register.cls() == RegisterClass.XMM ? StateLayout.xmm(register.number()) : slot(operand);
    }

    /** The form of an instruction's source. */
    static int form(Instruction instruction) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? REGISTER : memory.size();
    }

    /** Bytes of the vector that an instruction computes: of its first operand, which is a vector register. */
    static int length(Instruction instruction) {
        return size(instruction.operand(0));
    }

    /** The immediate byte, which is the last operand, or 0. */
    static int immediate(Instruction instruction) {
        int last = instruction.operandCount() - 1;
        return instruction.operand(last) instanceof Operand.Immediate immediate ? (int) immediate.value() & 0xff : 0;
    }

    /** Linear address of the source; 0 when that is a register. */
    final long sourceAddress(Cpu cpu, int form) {
        return form == REGISTER ? 0 : address(cpu);
    }

    /** Host address of a source of 16 or 32 bytes, so that its quadwords cost one look into the TLB; -1 for the slow way. */
    final long sourceHost(Cpu cpu, int form, long va) {
        long host = form >= XMM && (va & 0xfff) <= 4096 - form ? cpu.readableHost(va) : -1;
        if (host == -1 && form >= XMM) {
            cpu.checkCanonical(this, va, form);
            // 16 bytes for 32-byte operands too, as AMD's processors have it.
            cpu.checkAlignment(this, va, XMM);
        }
        return host;
    }

    /** Quadword {@code index} of the source; of narrower memory zero-extended. */
    final long source(Cpu cpu, int form, long va, long host, int index) {
        if (form == REGISTER) {
            return cpu.get64(source + 8 * index);
        }
        if (form < XMM) {
            return index == 0 ? unsigned(load(cpu, va, form), form) : 0;
        }
        return host != -1 ? HostMemory.loadLong(cpu.ram(), host + 8 * index) : cpu.load64(this, cpu.part(va, 8 * index));
    }

    /** Quadword {@code index} of the first source. */
    final long first(Cpu cpu, int index) {
        return cpu.get64(first + 8 * index);
    }

    final void set(Cpu cpu, int index, long value) {
        cpu.set64(target + 8 * index, value);
    }

    /** Writes 16 bytes and clears the rest of the target, as every VEX-coded instruction does (SDM vol. 2, 2.3.10.1). */
    final void setXmm(Cpu cpu, long low, long high) {
        set(cpu, 0, low);
        set(cpu, 1, high);
        clearUpper(cpu, target);
    }

    final void setYmm(Cpu cpu, long r0, long r1, long r2, long r3) {
        set(cpu, 0, r0);
        set(cpu, 1, r1);
        set(cpu, 2, r2);
        set(cpu, 3, r3);
    }

    /** Clears bits 255 to 128 of the register in a slot. */
    static void clearUpper(Cpu cpu, int slot) {
        cpu.set64(slot + 16, 0);
        cpu.set64(slot + 24, 0);
    }

    /** Writes 16 bytes to memory, all or none. */
    final void storeXmm(Cpu cpu, long va, long low, long high) {
        long host = (va & 0xfff) <= 4096 - XMM ? cpu.writableHost(va) : -1;
        if (host != -1) {
            HostMemory.storeLong(cpu.ram(), host, low);
            HostMemory.storeLong(cpu.ram(), host + 8, high);
        } else {
            cpu.checkCanonical(this, va, XMM);
            cpu.checkAlignment(this, va, XMM);
            cpu.probeWrite(this, va, XMM);
            cpu.store64(this, va, low);
            cpu.store64(this, cpu.part(va, 8), high);
        }
    }

    /** Writes the register in a slot, 32 bytes, to memory, all or none. */
    final void storeYmm(Cpu cpu, long va, int slot) {
        long host = (va & 0xfff) <= 4096 - YMM ? cpu.writableHost(va) : -1;
        if (host != -1) {
            HostMemory.storeLong(cpu.ram(), host, cpu.get64(slot));
            HostMemory.storeLong(cpu.ram(), host + 8, cpu.get64(slot + 8));
            HostMemory.storeLong(cpu.ram(), host + 16, cpu.get64(slot + 16));
            HostMemory.storeLong(cpu.ram(), host + 24, cpu.get64(slot + 24));
        } else {
            cpu.checkCanonical(this, va, YMM);
            cpu.checkAlignment(this, va, XMM);
            cpu.probeWrite(this, va, YMM);
            for (int i = 0; i < YMM; i += 8) {
                cpu.store64(this, cpu.part(va, i), cpu.get64(slot + i));
            }
        }
    }
}
