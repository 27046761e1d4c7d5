package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.ControlMasks;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuFeature;
import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.MsrTable;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole virtual CPU against what its CPUID leaves promise: instructions, control bits, registers, start-up state. */
class ProcessorRulesTest {
    private static final int INVALID_OPCODE = 6;
    private static final int GENERAL_PROTECTION = 13;

    private static final CpuProfile WITH_MORE =
            CpuProfile.named("v3+" + String.join("+", CpuProfile.more()));

    static Iterable<CpuProfile> profiles() {
        return Stream.concat(CpuProfile.all().stream(), Stream.of(WITH_MORE)).toList();
    }

    private static Set<CpuFeature> offered(WholeCpu machine) {
        Set<CpuFeature> set = new HashSet<>();
        for (CpuFeature feature : CpuFeature.values()) {
            int word = machine.cpuid(feature.leaf(), feature.subleaf())[feature.register().ordinal()];
            if ((word >>> feature.bit() & 1) != 0) {
                set.add(feature);
            }
        }
        return set;
    }

    @ParameterizedTest
    @MethodSource("profiles")
    void controlBitsExistWhereTheirFeatureIsOffered(CpuProfile profile) throws Exception {
        try (WholeCpu m = new WholeCpu(profile)) {
            Set<CpuFeature> offered = offered(m);
            for (int bit = 0; bit < 64; bit++) {
                m.enter();
                m.cpu.set64(StateLayout.RAX, m.cpu.cr4 | 1L << bit);
                int vector = m.run("0f22e0");
                // LA57 cannot change while 64-bit paging is on (SDM vol. 3, 4.1.1).
                boolean settable = (ControlMasks.cr4(offered) & ~ControlBits.CR4_LA57) >>> bit << 63 != 0;
                assertThat(vector).as("CR4 bit %d", bit).isEqualTo(settable ? -1 : GENERAL_PROTECTION);
            }
            for (int bit = 0; bit < 64; bit++) {
                m.enter();
                boolean exists = (ControlMasks.efer(offered) >>> bit & 1) != 0;
                assertThat(m.writeMsr(MsrTable.EFER, m.cpu.efer | 1L << bit)).as("EFER bit %d", bit).isEqualTo(exists);
            }
            long components = offered.contains(CpuFeature.AVX) ? 7 : 3;
            for (int value = 0; value < 1024; value++) {
                m.enter();
                m.cpu.cr4 |= ControlBits.CR4_OSXSAVE;
                m.cpu.set64(StateLayout.RCX, 0);
                m.cpu.set64(StateLayout.RDX, 0);
                m.cpu.set64(StateLayout.RAX, value);
                boolean legal = (value & 1) != 0 && (value & ~components) == 0 && (value & 6) != 4;
                assertThat(m.run("0f01d1")).as("XCR0 %x", value).isEqualTo(legal ? -1 : GENERAL_PROTECTION);
            }
        }
    }

    /** What this vendor or profile does not have. Memory operands are [RBX]. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0f01c8", // monitor
                "0f01c9", // mwait
                "0f01fa", // monitorx
                "0f01fb", // mwaitx
                "0f01fc", // clzero
                "0f01fd", // rdpru
                "f30fc7f8", // rdpid rax
                "0f01d8", // vmrun
                "0f01da", // vmload
                "0f01dc", // stgi
                "0f01de", // skinit
                "0f01df", // invlpga
                "0f01fe", // invlpgb
                "0f01ff", // tlbsync
                "0f01c2", // vmlaunch
                "0f01c4", // vmxoff
                "0f78c0", // vmread
                "0f79c0", // vmwrite
                "0fc733", // vmptrld [rbx]
                "f30fc733", // vmxon [rbx]
                "660f388003", // invept
                "660f388103", // invvpid
                "0f37", // getsec
                "0f01cf", // encls
                "0f01d7", // enclu
                "0f01d5", // xend
                "0f01d6", // xtest
                "c6f800", // xabort
                "c7f800000000", // xbegin
                "0f01ee", // rdpkru
                "0f01ef", // wrpkru
                "0f01e8", // serialize
                "f30f01e8", // setssbsy
                "f30f012b", // rstorssp [rbx]
                "f30faee8", // incsspd
                "f30fae33", // clrssbsy [rbx]
                "0f38f603", // wrssd
                "660f38f503", // wrussd
                "0fc72b", // xsaves [rbx]
                "0fc71b", // xrstors [rbx]
                "0f38f903", // movdiri
                "660f38f803", // movdir64b
                "f20f38f803", // enqcmd
                "660faef0", // tpause
                "f30faef0", // umonitor
                "f30faee0", // ptwrite
                "0f0fc09e", // 3DNow!
                "0f0e", // femms
                "660f79c1", // extrq
                "f20f79c1", // insertq
                "f30f2b03", // movntss [rbx]
                "f20f2b03", // movntsd [rbx]
                "8fe97812c0", // XOP
                "0f04",
                "0f0a",
                "0f0c",
                "0f24c0",
                "0f26c0",
                "0f36",
                "0f39",
                "0f3b",
                "0fa6c0",
                "0fa7c0",
                "0faa" // rsm
            })
    void absentInstructionsAreInvalid(String code) throws Exception {
        for (CpuProfile profile : CpuProfile.all()) {
            try (WholeCpu m = new WholeCpu(profile)) {
                m.cpu.set64(StateLayout.RBX, 0x40000);
                assertThat(m.run(code)).as("%s, profile %s", code, profile.name()).isEqualTo(INVALID_OPCODE);
                assertThat(m.memory.readLong(m.cpu.get64(StateLayout.RSP))).as("RIP").isEqualTo(WholeCpu.TEXT);
            }
        }
    }

    /** The same are there in a profile that has more, and CPUID says so. */
    @Test
    void addedInstructionsAreThere() throws Exception {
        try (WholeCpu m = new WholeCpu(WITH_MORE)) {
            assertThat(offered(m)).contains(
                    CpuFeature.CLFLUSHOPT, CpuFeature.CLWB, CpuFeature.CLZERO, CpuFeature.LA57, CpuFeature.RDPID);
            m.cpu.tscAux = 0x1_0000_0007L;
            assertThat(m.run("f30fc7f9")).as("rdpid rcx").isEqualTo(-1);
            assertThat(m.cpu.get64(StateLayout.RCX)).isEqualTo(0x1_0000_0007L);
            m.cpu.set64(StateLayout.RBX, 0x40000);
            assertThat(m.run("660fae3b")).as("clflushopt [rbx]").isEqualTo(-1);
            assertThat(m.run("660fae33")).as("clwb [rbx]").isEqualTo(-1);
            m.cpu.set64(StateLayout.RAX, 0x40000);
            assertThat(m.run("0f01fc")).as("clzero").isEqualTo(-1);
        }
    }

    /** CLZERO clears the 64 bytes around its address, not one more. */
    @Test
    void clzeroClearsOneLine() throws Exception {
        try (WholeCpu m = new WholeCpu(WITH_MORE)) {
            for (int into = 0; into < 64; into += 21) {
                for (long at = 0x40000; at < 0x400c0; at += 8) {
                    m.memory.writeLong(at, -1);
                }
                m.cpu.set64(StateLayout.RAX, 0x40040 + into);
                assertThat(m.run("0f01fc")).isEqualTo(-1);
                for (long at = 0x40000; at < 0x400c0; at += 8) {
                    assertThat(m.memory.readLong(at)).as("%x", at).isEqualTo(at >= 0x40040 && at < 0x40080 ? 0 : -1);
                }
            }
            assertThat(m.run("f00f01fc")).as("LOCK").isEqualTo(INVALID_OPCODE);
            m.cpu.set64(StateLayout.RAX, 1L << 62);
            assertThat(m.run("0f01fc")).as("not canonical").isEqualTo(GENERAL_PROTECTION);
        }
    }

    /** Encodings that newer processors give a meaning, and all others have to pass over. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "f30f1efa", // endbr64
                "f30f1efb", // endbr32
                "f30f1ec8", // rdsspd eax
                "f3480f1ec8", // rdsspq rax
                "0f1ec0",
                "660f1ec0",
                "0f1f4000",
                "0f18c0",
                "0f1803",
                "0f18e0",
                "0f1903",
                "660f1a03", // bndmov
                "f30f1bc0", // bndmk's space
                "f20f1ac0",
                "0f1c03", // cldemote
                "0f1dc0",
                "f2eb00", // bnd jmp
                "f2e900000000",
                "f20f8400000000", // bnd jz
                "3e7400", // branch hint
                "f390", // pause
                "f30f09", // wbnoinvd: WBINVD where it is not offered
                "0f0d0b", // prefetchw [rbx]
                "0f0d1b" // reserved prefetch
            })
    void spaceForExtensionsIsPassedOver(String code) throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            // Nowhere mapped: hints do not fault.
            m.cpu.set64(StateLayout.RBX, 1L << 46);
            m.cpu.set64(StateLayout.RAX, 0x1122334455667788L);
            assertThat(m.run(code)).isEqualTo(-1);
            assertThat(m.cpu.get64(StateLayout.RAX)).isEqualTo(0x1122334455667788L);
        }
    }

    @Test
    void notrackAndRepeatedReturns() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            // call +2; hlt; rep ret: back to the HLT.
            assertThat(m.run("e801000000f4f3c3")).isEqualTo(-1);
            assertThat(m.cpu.rip()).isEqualTo(WholeCpu.TEXT + 6);
            // notrack jmp rax; bnd call rax to a bnd ret.
            m.cpu.set64(StateLayout.RAX, WholeCpu.TEXT + 4);
            assertThat(m.run("3effe0 90")).isEqualTo(-1);
            m.cpu.set64(StateLayout.RAX, WholeCpu.TEXT + 4);
            assertThat(m.run("f2ffd0f4 f2c3")).isEqualTo(-1);
            assertThat(m.cpu.rip()).isEqualTo(WholeCpu.TEXT + 4);
        }
    }

    @Test
    void monitorIsHidden() throws Exception {
        for (CpuProfile profile : CpuProfile.all()) {
            try (WholeCpu m = new WholeCpu(profile)) {
                assertThat(offered(m)).doesNotContain(CpuFeature.MONITOR);
                assertThat(m.cpuid(5, 0)).containsOnly(0);
            }
        }
    }

    @Test
    void patchLevelIsReadAsLinuxDoes() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            assertThat(m.writeMsr(MsrTable.PATCH_LEVEL, 0)).isTrue();
            m.cpuid(1, 0);
            assertThat(m.readMsr(MsrTable.PATCH_LEVEL)).isNotZero();
        }
    }

    @Test
    void registersOfOtherFeaturesFault() throws Exception {
        // ARCH_CAPABILITIES, SPEC_CTRL, PRED_CMD, FLUSH_CMD, TSX_CTRL, MISC_ENABLE, PLATFORM_INFO, PERF_GLOBAL_CTRL, U_CET,
        // S_CET, VM_CR, VIRT_SPEC_CTRL, IBS, and numbers of nobody.
        int[] numbers = {
            0x10a, 0x48, 0x49, 0x10b, 0x122, 0x1a0, 0xce, 0x38f, 0x6a0, 0x6a2, 0xc001_0114, 0xc001_011f, 0xc001_1030, 0x0,
            0x12345, 0xdeadbeef, 0x8000_0000, 0x7ff, 0x900
        };
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            for (int number : numbers) {
                assertThat(m.readMsr(number)).as("read %x", number).isNull();
                assertThat(m.writeMsr(number, 0)).as("write %x", number).isFalse();
            }
        }
    }

    @Test
    void basesHaveToBeCanonical() throws Exception {
        int[] numbers = {
            MsrTable.LSTAR, MsrTable.CSTAR, MsrTable.FS_BASE, MsrTable.GS_BASE, MsrTable.KERNEL_GS_BASE,
            MsrTable.SYSENTER_ESP, MsrTable.SYSENTER_EIP
        };
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            for (int number : numbers) {
                for (long base : new long[] {1L << 47, -1L << 48, 1L << 63, 0xffff_7fff_ffff_ffffL}) {
                    assertThat(m.writeMsr(number, base)).as("%x to %x", base, number).isFalse();
                }
                for (long base : new long[] {0, (1L << 47) - 1, -1L << 47, -1}) {
                    assertThat(m.writeMsr(number, base)).as("%x to %x", base, number).isTrue();
                    assertThat(m.readMsr(number)).isEqualTo(base);
                }
            }
        }
    }

    @Test
    void memoryTypesAfterReset() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            assertThat(m.readMsr(MsrTable.PAT)).isEqualTo(0x0007_0406_0007_0406L);
            long capability = m.readMsr(MsrTable.MTRR_CAP);
            assertThat(m.readMsr(MsrTable.MTRR_DEF_TYPE)).isZero();
            for (int pair = 0; pair < (capability & 0xff); pair++) {
                assertThat(m.readMsr(0x200 + 2 * pair)).isZero();
                assertThat(m.readMsr(0x201 + 2 * pair)).isZero();
            }
            assertThat(m.readMsr(0x200 + 2 * (int) (capability & 0xff))).as("no more than MTRRCAP says").isNull();
            assertThat(m.writeMsr(MsrTable.MTRR_CAP, capability)).isFalse();
            // INIT keeps them, RESET does not.
            assertThat(m.writeMsr(MsrTable.PAT, 0x0007_0106_0007_0106L)).isTrue();
            ResetState.init(m.cpu);
            m.enter();
            assertThat(m.readMsr(MsrTable.PAT)).isEqualTo(0x0007_0106_0007_0106L);
            m.cpu.reset();
            m.enter();
            assertThat(m.readMsr(MsrTable.PAT)).isEqualTo(MsrTable.PAT_RESET);
        }
    }

    @Test
    void adjustingTheTimeStampCounter() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            long far = 1L << 50;
            assertThat(m.readMsr(MsrTable.TSC_ADJUST)).isZero();
            long before = m.readMsr(MsrTable.TSC);
            assertThat(m.writeMsr(MsrTable.TSC_ADJUST, far)).isTrue();
            long after = m.readMsr(MsrTable.TSC);
            assertThat(after - before).as("the counter moves along").isBetween(far, far + (1L << 40));
            // Writing the counter moves the adjustment.
            assertThat(m.writeMsr(MsrTable.TSC, 5)).isTrue();
            long adjustment = m.readMsr(MsrTable.TSC_ADJUST);
            long now = m.readMsr(MsrTable.TSC);
            assertThat(now).isBetween(5L, 1L << 40);
            assertThat(far - adjustment).isBetween(after - 5, after + (1L << 40));
            // RDTSC, RDTSCP and RDMSR show one counter, which only rises.
            m.cpu.tscAux = 0x1234;
            long last = now;
            for (String code : new String[] {"0f31", "0f01f9", "0f31"}) {
                assertThat(m.run(code)).isEqualTo(-1);
                long value = m.cpu.get64(StateLayout.RDX) << 32 | m.cpu.get64(StateLayout.RAX);
                assertThat(value).isGreaterThan(last);
                last = value;
            }
            assertThat(m.cpu.get64(StateLayout.RCX)).isEqualTo(0x1234);
        }
    }

    @Test
    void randomNumbersSetCarryAndDiffer() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            for (String code : new String[] {"480fc7f0", "480fc7f8"}) {
                Set<Long> seen = new HashSet<>();
                for (int i = 0; i < 32; i++) {
                    assertThat(m.run(code)).isEqualTo(-1);
                    assertThat(m.cpu.arithmeticFlags()).as("CF alone").isEqualTo(1);
                    seen.add(m.cpu.get64(StateLayout.RAX));
                }
                assertThat(seen).hasSize(32);
            }
            // 16 and 32 bits: the upper part stays, or is cleared.
            m.cpu.set64(StateLayout.RAX, -1);
            m.run("660fc7f0");
            assertThat(m.cpu.get64(StateLayout.RAX) >>> 16).isEqualTo(-1L >>> 16);
            m.run("0fc7f0");
            assertThat(m.cpu.get64(StateLayout.RAX) >>> 32).isZero();
        }
    }

    @Test
    void hypercallsAnswerAsKvm() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            int[] signature = m.cpuid(Cpuid.HYPERVISOR_LEAF, 0);
            assertThat(signature).containsExactly(Cpuid.HYPERVISOR_LEAF + 0x10, 0x4b4d564b, 0x564b4d56, 0x4d);
            for (String code : new String[] {"0f01c1", "0f01d9"}) {
                m.enter();
                m.cpu.set64(StateLayout.RAX, 999);
                assertThat(m.run(code)).isEqualTo(-1);
                assertThat(m.cpu.get64(StateLayout.RAX)).as("KVM_ENOSYS").isEqualTo(-1000);
                m.dropPrivilege();
                assertThat(m.run(code)).as("user code goes on to the HLT").isEqualTo(GENERAL_PROTECTION);
                assertThat(m.memory.readLong(m.cpu.get64(StateLayout.RSP) + 8)).isEqualTo(WholeCpu.TEXT + 3);
                assertThat(m.cpu.get64(StateLayout.RAX)).as("KVM_EPERM").isEqualTo(-1);
            }
        }
    }

    @Test
    void localApicAfterResetAndInX2Mode() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            assertThat(m.readMsr(MsrTable.APIC_BASE)).isEqualTo(0xfee0_0900L);
            // mov eax, [0xfee00000 + rcx]: id, version, TPR, spurious, LVT timer, LINT0.
            long[][] registers = {
                {0x20, 0}, {0x80, 0}, {0xf0, 0xff}, {0x320, 0x10000}, {0x350, 0x10000}, {0x360, 0x10000}, {0x370, 0x10000},
                {0xd0, 0}, {0xe0, 0xffffffffL}, {0x380, 0}, {0x3e0, 0}
            };
            for (long[] register : registers) {
                m.cpu.set64(StateLayout.RCX, 0xfee0_0000L + register[0]);
                assertThat(m.run("8b01")).isEqualTo(-1);
                assertThat(m.cpu.get64(StateLayout.RAX)).as("register %x", register[0]).isEqualTo(register[1]);
            }
            assertThat(m.readMsr(0x802)).as("x2APIC registers outside its mode").isNull();
            // Straight from xAPIC to x2APIC; back only through off.
            assertThat(m.writeMsr(MsrTable.APIC_BASE, 0xfee0_0d00L)).isTrue();
            assertThat(m.readMsr(0x802)).isZero();
            assertThat(m.readMsr(0x80f)).isEqualTo(0xff);
            assertThat(m.readMsr(0x80d)).as("LDR follows the id").isEqualTo(1);
            assertThat(m.writeMsr(MsrTable.APIC_BASE, 0xfee0_0900L)).isFalse();
            assertThat(m.writeMsr(0x80b, 1)).as("EOI takes 0 only").isFalse();
            assertThat(m.readMsr(0x80b)).as("EOI is write-only").isNull();
            assertThat(m.readMsr(0x80e)).as("no DFR").isNull();
            assertThat(m.writeMsr(0x802, 0)).as("the id is read-only").isFalse();
            assertThat(m.writeMsr(0x83f, 0x31)).as("self IPI").isTrue();
            assertThat(m.writeMsr(MsrTable.APIC_BASE, 0xfee0_0100L)).isTrue();
            assertThat(m.cpuid(1, 0)[3] >>> 9 & 1).as("CPUID.APIC follows").isZero();
        }
    }

    @Test
    void taskPriorityThroughControlRegister8() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            m.writeMsr(MsrTable.APIC_BASE, 0xfee0_0d00L);
            m.writeMsr(0x80f, 0x1ff);
            // mov cr8, rax with priority 3; self IPI 0x31; sti; nop; nop: held back. Then cr8 = 2: taken.
            m.cpu.set64(StateLayout.RAX, 3);
            m.run("440f22c0");
            assertThat(m.readMsr(0x808)).isEqualTo(0x30);
            m.writeMsr(0x83f, 0x31);
            assertThat(m.run("fb9090fa")).isEqualTo(-1);
            m.cpu.set64(StateLayout.RAX, 2);
            assertThat(m.run("fb90440f22c09090")).isEqualTo(0x31);
            assertThat(m.memory.readLong(m.cpu.get64(StateLayout.RSP))).as("behind the move").isEqualTo(WholeCpu.TEXT + 6);
            assertThat(m.readMsr(0x80a)).as("PPR").isEqualTo(0x30);
        }
    }

    @Test
    @Timeout(20)
    void haltEndsWithNmiAndInit() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2);
                var other = Executors.newSingleThreadScheduledExecutor()) {
            // With interrupts open the CPU sleeps; the handler's HLT is for ever.
            other.schedule(m.cpu::nmi, 100, TimeUnit.MILLISECONDS);
            assertThat(m.run("fbf490")).isEqualTo(2);
            assertThat(m.memory.readLong(m.cpu.get64(StateLayout.RSP))).isEqualTo(WholeCpu.TEXT + 2);
            assertThat(m.cpu.nmiBlocked).isTrue();
            other.schedule(m.cpu::init, 100, TimeUnit.MILLISECONDS);
            m.cpu.xcr0 = 3;
            m.start("fbf490");
            assertThat(m.cpu.protectedMode()).isFalse();
            assertThat(m.cpu.efer).isZero();
            assertThat(m.cpu.cr0).isEqualTo(0x10);
            assertThat(m.cpu.get64(StateLayout.RDX)).as("the signature").isEqualTo(Cpuid.SIGNATURE);
            assertThat(m.cpu.xcr0).as("kept").isEqualTo(3);
            assertThat(m.cpu.nmiBlocked).isFalse();
        }
    }

    @Test
    void tripleFaultReachesTheMachine() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            m.cpu.idtLimit = 0;
            assertThat(m.start("0f0b")).isInstanceOf(CpuExit.Shutdown.class);
            assertThat(m.cpu.activity()).isEqualTo(CpuElement.Activity.SHUTDOWN);
            assertThat(m.cpu.run()).as("and stays").isInstanceOf(CpuExit.Shutdown.class);
            m.cpu.reset();
            assertThat(m.cpu.activity()).isEqualTo(CpuElement.Activity.RUNNING);
        }
    }

    @Test
    void powerOnState() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            m.cpu.reset();
            assertThat(m.cpu.cr0).isEqualTo(0x6000_0010L);
            assertThat(m.cpu.rip()).isEqualTo(0xfff0);
            assertThat(m.cpu.selector[RegisterFile.CS]).isEqualTo(0xf000);
            assertThat(m.cpu.segmentBase(RegisterFile.CS)).isEqualTo(0xffff_0000L);
            assertThat(m.cpu.rflags()).isEqualTo(2);
            assertThat(m.cpu.dr6).isEqualTo(0xffff_0ff0L);
            assertThat(m.cpu.dr7).isEqualTo(0x400);
            assertThat(m.cpu.idtLimit).isEqualTo(0xffff);
            for (int segment = 0; segment < 6; segment++) {
                assertThat(m.cpu.limit[segment]).isEqualTo(0xffff);
            }
        }
    }

    @Test
    void vsyscallPageFaultsAtItsAddress() throws Exception {
        try (WholeCpu m = new WholeCpu(CpuProfile.V2)) {
            // mov rax, -10<<20; call rax
            m.cpu.set64(StateLayout.RAX, 0xffff_ffff_ff60_0000L);
            assertThat(m.run("ffd0")).isEqualTo(14);
            assertThat(m.cpu.cr2).isEqualTo(0xffff_ffff_ff60_0000L);
            long stack = m.cpu.get64(StateLayout.RSP);
            assertThat(m.memory.readLong(stack)).as("not present, no I without NX and SMEP").isZero();
            assertThat(m.memory.readLong(stack + 8)).as("RIP").isEqualTo(0xffff_ffff_ff60_0000L);
            assertThat(m.memory.readLong(WholeCpu.STACK - 8)).as("return address").isEqualTo(WholeCpu.TEXT + 2);
        }
    }
}
