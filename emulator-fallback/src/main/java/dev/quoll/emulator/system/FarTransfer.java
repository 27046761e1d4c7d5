package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;

/**
 * Far JMP and CALL in every mode: to code segments, through call gates, to tasks (SDM vol. 3, 5.8; vol. 2, CALL, JMP).
 * RIP has to stand at the instruction.
 */
final class FarTransfer {
    private FarTransfer() {}

    /**
     * @param size operand size in bytes: width of the offset
     * @param pushed bytes of each of the two that a CALL pushes
     * @param next RIP of the next instruction, pushed by a CALL and stored by a task switch
     */
    static void execute(Cpu cpu, boolean call, int selector, long target, int size, int pushed, long next) {
        long offset = size == 2 ? target & 0xffff : size == 4 ? target & 0xffffffffL : target;
        if (!cpu.protectedMode() || cpu.virtual8086()) {
            real(cpu, call, selector, offset, pushed, next);
            return;
        }
        if (Descriptor.isNull(selector)) {
            throw cpu.generalProtection(null, 0);
        }
        long descriptor = SegmentLoader.fetch(cpu, selector, SegmentLoader.GENERAL_PROTECTION, 0);
        int access = Descriptor.access(descriptor);
        if ((access & Descriptor.MEMORY) == 0) {
            system(cpu, call, selector, descriptor, next);
            return;
        }
        int dpl = Descriptor.dpl(access);
        boolean allowed = Descriptor.conformingCode(access)
                ? dpl <= cpu.cpl
                : (selector & 3) <= cpu.cpl && dpl == cpu.cpl;
        if (!allowed) {
            throw cpu.generalProtection(null, selector & 0xfffc);
        }
        SegmentLoader.checkCode(cpu, selector, access, 0);
        SegmentLoader.checkEntry(cpu, descriptor, offset, 0);
        FarStack stack = null;
        if (call) {
            // AMD's processors cut RSP before they push where they leave 64-bit code.
            stack = cpu.is64() && (access & Descriptor.LONG) == 0
                    ? FarStack.flat(cpu, cpu.cpl, cpu.get64(StateLayout.RSP) & 0xffffffffL)
                    : FarStack.current(cpu, 0);
            stack.push(pushed, cpu.selector[RegisterFile.CS]);
            stack.push(pushed, next);
        }
        SegmentLoader.commitCode(cpu, selector, descriptor, cpu.cpl);
        finish(cpu, stack, offset);
    }

    private static void finish(Cpu cpu, FarStack stack, long rip) {
        if (stack != null) {
            stack.commit();
        }
        cpu.setRip(rip);
        leave64(cpu);
    }

    /** Takes up the mode of a new CS: AMD's processors cut RSP to 32 bits on the way out of 64-bit code. */
    static void leave64(Cpu cpu) {
        boolean wide = cpu.is64();
        cpu.updateMode();
        if (wide && !cpu.is64()) {
            cpu.set64(StateLayout.RSP, cpu.get64(StateLayout.RSP) & 0xffffffffL);
        }
    }

    private static void real(Cpu cpu, boolean call, int selector, long offset, int size, long next) {
        if (offset > (cpu.virtual8086() ? 0xffff : cpu.limit[RegisterFile.CS])) {
            throw cpu.generalProtection(null, 0);
        }
        FarStack stack = null;
        if (call) {
            stack = FarStack.current(cpu, 0);
            stack.push(size, cpu.selector[RegisterFile.CS]);
            stack.push(size, next);
        }
        if (cpu.virtual8086()) {
            SegmentLoader.commitVirtual8086(cpu, RegisterFile.CS, selector);
        } else {
            SegmentLoader.commitReal(cpu, RegisterFile.CS, selector);
        }
        finish(cpu, stack, offset);
    }

    private static void system(Cpu cpu, boolean call, int selector, long descriptor, long next) {
        int access = Descriptor.access(descriptor);
        int type = Descriptor.systemType(access);
        boolean known = cpu.longMode()
                ? type == Descriptor.CALL_GATE32
                : switch (type) {
                    case Descriptor.CALL_GATE16,
                            Descriptor.CALL_GATE32,
                            Descriptor.TASK_GATE,
                            Descriptor.TSS16,
                            Descriptor.TSS32 -> true;
                    default -> false;
                };
        if (!known || Descriptor.dpl(access) < Math.max(cpu.cpl, selector & 3)) {
            throw cpu.generalProtection(null, selector & 0xfffc);
        }
        if (!Descriptor.present(access)) {
            throw cpu.segmentNotPresent(null, selector & 0xfffc);
        }
        TaskSwitch.Cause cause = call ? TaskSwitch.Cause.CALL : TaskSwitch.Cause.JUMP;
        switch (type) {
            case Descriptor.TASK_GATE -> TaskSwitch.transfer(cpu, Descriptor.gateSelector(descriptor), cause, next);
            case Descriptor.TSS16, Descriptor.TSS32 -> TaskSwitch.transfer(cpu, selector, cause, next);
            default -> gate(cpu, call, selector, descriptor, next);
        }
    }

    private static void gate(Cpu cpu, boolean call, int gateSelector, long gate, long next) {
        boolean longMode = cpu.longMode();
        int size = longMode ? 8 : Descriptor.systemType(Descriptor.access(gate)) == Descriptor.CALL_GATE32 ? 4 : 2;
        long entry = size == 2 ? gate & 0xffff : Descriptor.gateOffset(gate);
        if (longMode) {
            if (!SegmentLoader.inTable(cpu, gateSelector, 16)) {
                throw cpu.generalProtection(null, gateSelector & 0xfffc);
            }
            long upper = cpu.loadSystem(SegmentLoader.address(cpu, gateSelector) + 8, 8);
            if ((upper >>> 40 & 0x1f) != 0) {
                throw cpu.generalProtection(null, gateSelector & 0xfffc);
            }
            entry |= upper << 32;
        }
        int selector = Descriptor.gateSelector(gate);
        if (Descriptor.isNull(selector)) {
            throw cpu.generalProtection(null, 0);
        }
        long code = SegmentLoader.fetch(cpu, selector, SegmentLoader.GENERAL_PROTECTION, 0);
        int access = Descriptor.access(code);
        int dpl = Descriptor.dpl(access);
        boolean conforming = Descriptor.conformingCode(access);
        if ((call || conforming ? dpl > cpu.cpl : dpl != cpu.cpl)
                || longMode && (access & (Descriptor.LONG | Descriptor.BIG)) != Descriptor.LONG) {
            throw cpu.generalProtection(null, selector & 0xfffc);
        }
        SegmentLoader.checkCode(cpu, selector, access, 0);
        int level = conforming ? cpu.cpl : dpl;
        if (call && level < cpu.cpl) {
            inward(cpu, gate, size, selector, code, entry, next);
            return;
        }
        SegmentLoader.checkEntry(cpu, code, entry, 0);
        FarStack stack = null;
        if (call) {
            stack = longMode
                    ? FarStack.flat(cpu, cpu.cpl, cpu.get64(StateLayout.RSP))
                    : FarStack.current(cpu, 0);
            stack.push(size, cpu.selector[RegisterFile.CS]);
            stack.push(size, next);
        }
        SegmentLoader.commitCode(cpu, selector, code, level);
        finish(cpu, stack, entry);
    }

    /** A call to an inner level: its stack comes from the TSS, parameters are copied (SDM vol. 3, 5.8.5). */
    private static void inward(Cpu cpu, long gate, int size, int selector, long code, long entry, long next) {
        int level = Descriptor.dpl(Descriptor.access(code));
        FarStack stack;
        int stackSelector = level;
        long stackDescriptor = 0;
        if (size == 8) {
            stack = FarStack.flat(cpu, level, TaskState.stackPointer64(cpu, level, 0));
        } else {
            long pointer = TaskState.stackPointer(cpu, level, 0);
            stackSelector = TaskState.stackSelector(cpu, level);
            stackDescriptor = SegmentLoader.checkStack(cpu, stackSelector, level, SegmentLoader.INVALID_TSS, 0);
            stack = FarStack.of(cpu, level, stackDescriptor, pointer, stackSelector & 0xfffc);
        }
        SegmentLoader.checkEntry(cpu, code, entry, 0);
        stack.push(size, cpu.selector[RegisterFile.SS]);
        stack.push(size, cpu.get64(StateLayout.RSP));
        if (size != 8) {
            FarStack old = FarStack.current(cpu, 0);
            for (int i = Descriptor.gateParameters(gate) - 1; i >= 0; i--) {
                stack.push(size, old.peek(i * size, size));
            }
            stackDescriptor = SegmentLoader.markAccessed(cpu, stackSelector, stackDescriptor);
        }
        stack.push(size, cpu.selector[RegisterFile.CS]);
        stack.push(size, next);
        SegmentLoader.commitCode(cpu, selector, code, level);
        if (size == 8) {
            SegmentLoader.commitNull(cpu, RegisterFile.SS, level);
        } else {
            SegmentLoader.commit(cpu, RegisterFile.SS, stackSelector, stackDescriptor);
        }
        finish(cpu, stack, entry);
    }
}
