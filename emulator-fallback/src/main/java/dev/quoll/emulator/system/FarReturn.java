package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;

/** RETF (SDM vol. 2, RET; vol. 3, 5.8.6), and what IRET shares with it. RIP has to stand at the instruction. */
final class FarReturn {
    private FarReturn() {}

    /** @param size operand size in bytes @param release bytes of parameters to drop, on both stacks */
    static void execute(Cpu cpu, int size, int release) {
        FarStack from = FarStack.current(cpu, 0);
        // AMD's processors read a frame from its end.
        int code = (int) from.peek(size, size) & 0xffff;
        long rip = from.pop(size);
        from.release(size);
        if (!cpu.protectedMode() || cpu.virtual8086()) {
            if (rip > (cpu.virtual8086() ? 0xffff : cpu.limit[RegisterFile.CS])) {
                throw cpu.generalProtection(null, 0);
            }
            if (cpu.virtual8086()) {
                SegmentLoader.commitVirtual8086(cpu, RegisterFile.CS, code);
            } else {
                SegmentLoader.commitReal(cpu, RegisterFile.CS, code);
            }
            from.release(release);
            from.commit();
        } else {
            if ((code & 3) != cpu.cpl) {
                probeOuterStack(from, release, size);
            }
            long descriptor = returnCode(cpu, code);
            SegmentLoader.checkEntry(cpu, descriptor, rip, 0);
            from.release(release);
            if ((code & 3) == cpu.cpl) {
                SegmentLoader.commitCode(cpu, code, descriptor, code & 3);
                from.commit();
            } else {
                long pointer = from.pop(size);
                int stack = (int) from.pop(size) & 0xffff;
                commitOuter(cpu, code, descriptor, stack, pointer + release);
            }
        }
        cpu.setRip(rip);
        FarTransfer.leave64(cpu);
    }

    /** AMD's processors read another level's stack pointer before they look at the selector, which may forbid the return. */
    static void probeOuterStack(FarStack from, int release, int size) {
        from.peek(release + size, size);
        from.peek(release, size);
    }

    /** The descriptor of the code segment a return goes to: RPL is the new level, not an inner one. */
    static long returnCode(Cpu cpu, int selector) {
        if (Descriptor.isNull(selector)) {
            throw cpu.generalProtection(null, 0);
        }
        long descriptor = SegmentLoader.fetch(cpu, selector, SegmentLoader.GENERAL_PROTECTION, 0);
        int access = Descriptor.access(descriptor);
        int level = selector & 3;
        int dpl = Descriptor.dpl(access);
        if (level < cpu.cpl || (Descriptor.conformingCode(access) ? dpl > level : dpl != level)) {
            throw cpu.generalProtection(null, selector & 0xfffc);
        }
        SegmentLoader.checkCode(cpu, selector, access, 0);
        return descriptor;
    }

    /** Loads CS, SS and the stack pointer of an outer level and drops data segments it may not use. */
    static void commitOuter(Cpu cpu, int code, long codeDescriptor, int stack, long pointer) {
        int level = code & 3;
        boolean to64 = cpu.longMode() && (Descriptor.access(codeDescriptor) & Descriptor.LONG) != 0;
        if (Descriptor.isNull(stack) && to64 && level != 3 && (stack & 3) == level) {
            SegmentLoader.commitCode(cpu, code, codeDescriptor, level);
            SegmentLoader.commitNull(cpu, RegisterFile.SS, stack);
            FarStack.flat(cpu, level, pointer).commit();
        } else {
            long descriptor = SegmentLoader.checkStack(cpu, stack, level, SegmentLoader.GENERAL_PROTECTION, 0);
            descriptor = SegmentLoader.markAccessed(cpu, stack, descriptor);
            SegmentLoader.commitCode(cpu, code, codeDescriptor, level);
            SegmentLoader.commit(cpu, RegisterFile.SS, stack, descriptor);
            (to64 ? FarStack.flat(cpu, level, pointer) : FarStack.of(cpu, level, descriptor, pointer, 0)).commit();
        }
        SegmentLoader.dropInnerSegments(cpu, level);
    }
}
