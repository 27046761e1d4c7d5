package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Assembler;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Kind;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.InstructionAssist.CpuAssist;
import dev.quoll.machine.InstructionAssist.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A program run by assists alone ends as on a CPU of its own; what an instruction raises is answered, not delivered. */
class EmulatedInstructionsTest {
    private static final long DATA = 0x60000;
    /** INT3 comes here. */
    private static final long BREAKPOINT_HANDLER = WholeCpu.HANDLERS + 16 * 3;

    private static final String PROGRAM = """
            MOV RAX,CR4
            OR RAX,0x40600        # OSXSAVE, OSXMMEXCPT, OSFXSR
            MOV CR4,RAX
            MOV ECX,0
            XGETBV
            OR EAX,7
            XSETBV
            MOV RSI,DATA
            MOV RAX,0x123456789abcdef
            POPCNT RBX,RAX
            LZCNT RCX,RAX
            ANDN R8,RAX,RBX
            SHLX R9,RAX,RBX
            CRC32 EDX,EBX
            MOV [RSI],RAX
            MOV RDX,0
            MOV [RSI+8],RDX
            MOV R10,RAX
            LOCK CMPXCHG16B [RSI]
            FNINIT
            FLDPI
            FLD1
            FADDP ST(1),ST(0)
            FSTP QWORD [RSI+16]
            LDMXCSR [mxcsr]
            MOVQ XMM0,[RSI]
            CVTSI2SD XMM1,RAX
            SQRTSD XMM1,XMM1
            MOVAPS [RSI+32],XMM1
            VPADDQ YMM2,YMM1,YMM1
            STAC
            CLAC
            INT3
            MOV EAX,7
            MOV EDX,0
            XSAVE [RSI+64]
            RDTSCP
            MOV EAX,0
            MOV EDX,0
            HLT
            ALIGN 8
            mxcsr:
            DD 0x1f80
            """;

    private static final Set<Kind> COMPARED =
            Set.of(Kind.GENERAL, Kind.CONTROL, Kind.SEGMENTS, Kind.XSAVE, Kind.DEBUG, Kind.MSRS, Kind.EVENTS, Kind.RUN_STATE);

    private static WholeCpu cpuWith(String source) throws Exception {
        WholeCpu whole = new WholeCpu(CpuProfile.V3);
        byte[] code = new Assembler(CodeSize.BITS64, Map.of("DATA", DATA)).assemble(WholeCpu.TEXT, source).code();
        whole.memory.write(WholeCpu.TEXT, code);
        whole.memory.write(
                BREAKPOINT_HANDLER, new Assembler(CodeSize.BITS64, Map.of()).assemble(0, "INC R15; IRETQ").code());
        whole.cpu.setRip(WholeCpu.TEXT);
        whole.cpu.set64(StateLayout.RSP, WholeCpu.STACK);
        whole.cpu.updateMode();
        return whole;
    }

    private static CpuAssist assist(WholeCpu whole) {
        return new EmulatedInstructions().attach(whole.cpu, whole.config);
    }

    private static CpuElement.RunState activity(WholeCpu whole) {
        return (CpuElement.RunState) whole.cpu.read(Kind.RUN_STATE);
    }

    @Test
    void aWholeProgramOfAssistsEndsLikeTheProgram() throws Exception {
        try (WholeCpu alone = cpuWith(PROGRAM);
                WholeCpu helped = cpuWith(PROGRAM);
                CpuAssist assist = assist(helped)) {
            assertThat(alone.cpu.run()).isInstanceOf(CpuExit.HaltedForever.class);
            List<String> mnemonics = new ArrayList<>();
            while (activity(helped).activity() == CpuElement.Activity.RUNNING) {
                Outcome outcome = assist.step();
                assertThat(outcome).isInstanceOf(Outcome.Done.class);
                mnemonics.add(((Outcome.Done) outcome).mnemonic());
            }
            assertThat(mnemonics).contains("popcnt", "cmpxchg16b", "faddp", "sqrtsd", "int3", "iret", "xsave", "stac", "hlt");
            for (Kind kind : COMPARED) {
                assertThat(helped.cpu.read(kind)).as(kind.name()).isEqualTo(alone.cpu.read(kind));
            }
            byte[] expected = new byte[0x1000];
            byte[] actual = new byte[0x1000];
            alone.memory.read(DATA, expected, 0, expected.length);
            helped.memory.read(DATA, actual, 0, actual.length);
            assertThat(actual).isEqualTo(expected);
            assertThat(helped.cpu.get64(StateLayout.gpr(15))).as("the breakpoint's handler ran once").isEqualTo(1);
        }
    }

    @Test
    void aPageFaultIsAnsweredWithItsAddress() throws Exception {
        try (WholeCpu whole = cpuWith("MOV RAX,0x40000000; MOV [RAX+8],RBX"); CpuAssist assist = assist(whole)) {
            assertThat(assist.step()).isEqualTo(new Outcome.Done("mov"));
            long rip = whole.cpu.rip();
            assertThat(assist.step()).isEqualTo(new Outcome.Fault("mov", 14, true, 2, 0x4000_0008L));
            assertThat(whole.cpu.rip()).isEqualTo(rip);
            assertThat(whole.cpu.cr2).isEqualTo(0x4000_0008L);
        }
    }

    @Test
    void faultsWithoutMemoryAreAnsweredToo() throws Exception {
        try (WholeCpu whole = cpuWith("UD2"); CpuAssist assist = assist(whole)) {
            assertThat(assist.step()).isEqualTo(new Outcome.Fault("ud2", 6, false, 0, 0));
        }
        try (WholeCpu whole = cpuWith("MOV EAX,0x666; MOV DS,AX"); CpuAssist assist = assist(whole)) {
            assist.step();
            assertThat(assist.step()).isEqualTo(new Outcome.Fault("mov", 13, true, 0x664, 0));
        }
        try (WholeCpu whole = cpuWith("MOV RAX,CR0; OR EAX,8; MOV CR0,RAX; FLD1"); CpuAssist assist = assist(whole)) {
            assist.step();
            assist.step();
            assist.step();
            assertThat(assist.step()).isEqualTo(new Outcome.Fault("fld1", 7, false, 0, 0));
        }
    }

    @Test
    void aSingleStepTrapComesBehindItsInstruction() throws Exception {
        try (WholeCpu whole = cpuWith("NOP"); CpuAssist assist = assist(whole)) {
            whole.cpu.setRflags(0x102);
            whole.cpu.updateMode();
            assertThat(assist.step()).isEqualTo(new Outcome.Fault("nop", 1, false, 0, 0));
            assertThat(whole.cpu.rip()).isEqualTo(WholeCpu.TEXT + 1);
            assertThat(whole.cpu.dr6 >>> 14 & 1).isEqualTo(1);
        }
    }

    @Test
    void theOtherEnginesApicIsReadAndNotWritten() throws Exception {
        String access = "MOV RBX,0xfee00020; MOV EAX,[RBX+16]; MOV DWORD [RBX+0x90],0";
        try (WholeCpu whole = cpuWith(access); CpuAssist assist = assist(whole)) {
            assist.step();
            assertThat(assist.step()).isEqualTo(new Outcome.Done("mov"));
            assertThat((int) whole.cpu.get64(StateLayout.RAX) & 0xff).as("version").isEqualTo(0x14);
            long rip = whole.cpu.rip();
            assertThat(assist.step()).isInstanceOfSatisfying(
                    Outcome.Cannot.class, cannot -> assertThat(cannot.why()).contains("local APIC at 0xfee000b0"));
            assertThat(whole.cpu.rip()).isEqualTo(rip);
        }
    }

    @Test
    void anInstructionOfAnotherModeKeepsItsSegments() throws Exception {
        try (WholeCpu whole = cpuWith("SWAPGS"); CpuAssist assist = assist(whole)) {
            whole.cpu.setSegmentBase(RegisterFile.GS, 0x1234);
            whole.cpu.kernelGsBase = 0x5678;
            assertThat(assist.step()).isEqualTo(new Outcome.Done("swapgs"));
            assertThat(whole.cpu.segmentBase(RegisterFile.GS)).isEqualTo(0x5678);
            assertThat(whole.cpu.kernelGsBase).isEqualTo(0x1234);
        }
    }

    @Test
    void aSteppedCpuGoesThroughTheSameStates() throws Exception {
        try (WholeCpu alone = cpuWith(PROGRAM); WholeCpu stepped = cpuWith(PROGRAM)) {
            assertThat(alone.cpu.run()).isInstanceOf(CpuExit.HaltedForever.class);
            int steps = 0;
            while (activity(stepped).activity() == CpuElement.Activity.RUNNING) {
                assertThat(stepped.cpu.step()).isEqualTo(new CpuExit.Breakpoint(stepped.cpu.rip()));
                steps++;
            }
            assertThat(steps).isEqualTo((int) PROGRAM.lines().count() - 3 + 2);
            assertThat(stepped.cpu.read(Kind.GENERAL)).isEqualTo(alone.cpu.read(Kind.GENERAL));
            assertThat(stepped.cpu.read(Kind.XSAVE)).isEqualTo(alone.cpu.read(Kind.XSAVE));
        }
    }

    @Test
    void aStepThatFaultsEndsBehindTheHandlersFirstInstruction() throws Exception {
        try (WholeCpu whole = cpuWith("UD2")) {
            assertThat(whole.cpu.step()).isEqualTo(new CpuExit.Breakpoint(WholeCpu.HANDLERS + 16 * 6 + 1));
            assertThat(activity(whole).activity()).isEqualTo(CpuElement.Activity.HALTED);
        }
    }

    @Test
    void aPendingExceptionComesFirst() throws Exception {
        try (WholeCpu whole = cpuWith("NOP; HLT")) {
            CpuElement.Events events = new CpuElement.Events(
                    false, false, false, false, Optional.of(new CpuElement.PendingException(13, true, 0x18)));
            whole.cpu.write(events);
            assertThat(whole.cpu.read(Kind.EVENTS)).isEqualTo(events);
            assertThat(whole.cpu.run()).isInstanceOf(CpuExit.HaltedForever.class);
            assertThat(whole.vector()).isEqualTo(13);
            assertThat(whole.memory.readLong(whole.cpu.get64(StateLayout.RSP))).isEqualTo(0x18);
        }
    }
}
