package dev.quoll.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class MsrTableTest {
    private final MsrTable table = table(CpuProfile.V2, 0);

    private static MsrTable table(CpuProfile profile, int index) {
        return new MsrTable(new Cpuid(
                profile, Cpuid.Abilities.everything(), new Cpuid.Place(index, 2, 1_000_000, 1_000_000)));
    }

    private boolean accepts(int number, long value) {
        int slot = table.slot(number);
        return table.accepts(slot, table.row(slot).reset(), value);
    }

    private long reset(int number) {
        return table.resetValues()[table.slot(number)];
    }

    @Test
    void everyNumberHasOneSlotAndUnknownOnesNone() {
        for (int slot = 0; slot < table.size(); slot++) {
            assertThat(table.slot(table.row(slot).number())).isEqualTo(slot);
        }
        assertThat(table.rows().stream().map(MsrTable.Msr::number)).doesNotHaveDuplicates();
        assertThat(table.rows().stream().map(MsrTable.Msr::name)).doesNotHaveDuplicates();
        for (int absent : new int[] {0, 0x48, 0x49, 0x10a, 0x1a0, 0x400, 0x802, 0xda0, 0xc000_0104, 0xc001_0114, -1}) {
            assertThat(table.slot(absent)).as("%x", absent).isEqualTo(-1);
        }
    }

    @Test
    void everyResetValueIsOneThatAWriteCouldLeave() {
        for (MsrTable.Msr msr : table.rows()) {
            if (msr.kind() == MsrTable.Kind.STORAGE || msr.kind() == MsrTable.Kind.ENGINE) {
                assertThat(accepts(msr.number(), msr.reset())).as(msr.name()).isTrue();
            } else {
                assertThat(accepts(msr.number(), msr.reset()))
                        .as(msr.name())
                        .isEqualTo(msr.kind() == MsrTable.Kind.IGNORES_WRITES);
            }
        }
    }

    @Test
    void serveWhatLinuxReadsWithoutAFaultHandler() {
        for (int number : new int[] {
            MsrTable.PATCH_LEVEL, MsrTable.HWCR, MsrTable.SYSCFG, MsrTable.NB_CFG, MsrTable.MCG_CAP, MsrTable.MTRR_CAP,
            MsrTable.MTRR_DEF_TYPE, MsrTable.PAT, MsrTable.EFER, MsrTable.APIC_BASE, MsrTable.TSC_ADJUST
        }) {
            assertThat(table.slot(number)).as("%x", number).isNotNegative();
        }
        assertThat(reset(MsrTable.HWCR) >>> 24 & 1).isEqualTo(1);
        assertThat(accepts(MsrTable.NB_CFG, 1L << 46)).isTrue();
        assertThat(accepts(MsrTable.PATCH_LEVEL, 0)).isTrue();
        assertThat(reset(MsrTable.MCG_CAP) & 0xff).isZero();
    }

    @Test
    void memoryTypeRegistersTakeValidTypesOnly() {
        assertThat(reset(MsrTable.PAT)).isEqualTo(0x0007_0406_0007_0406L);
        assertThat(accepts(MsrTable.PAT, 0x0007_0106_0007_0106L)).isTrue();
        assertThat(accepts(MsrTable.PAT, 0x0007_0206_0007_0106L)).isFalse();
        assertThat(accepts(MsrTable.PAT, 0x0807_0106_0007_0106L)).isFalse();
        assertThat(accepts(MsrTable.MTRR_FIX_64K, 0x0606_0606_0606_0606L)).isTrue();
        assertThat(accepts(MsrTable.MTRR_FIX_64K, 0x0706_0606_0606_0606L)).isFalse();
        assertThat(accepts(MsrTable.MTRR_DEF_TYPE, 0xc06)).isTrue();
        assertThat(accepts(MsrTable.MTRR_DEF_TYPE, 0x1c06)).isFalse();
        assertThat(accepts(MsrTable.MTRR_DEF_TYPE, 0xc02)).isFalse();
        long physical = 1L << Cpuid.Abilities.USUAL_PHYSICAL_ADDRESS_BITS;
        assertThat(accepts(MsrTable.MTRR_PHYS_BASE_0, physical - 0x1000 | 6)).isTrue();
        assertThat(accepts(MsrTable.MTRR_PHYS_BASE_0, physical | 6)).isFalse();
        assertThat(accepts(MsrTable.MTRR_PHYS_BASE_0 + 1, physical - 0x1000 | 0x800)).isTrue();
        assertThat(reset(MsrTable.MTRR_CAP) & 0xff).isEqualTo(MsrTable.VARIABLE_MTRRS);
        assertThat(table.slot(MsrTable.MTRR_PHYS_BASE_0 + 2 * MsrTable.VARIABLE_MTRRS)).isEqualTo(-1);
    }

    @Test
    void basesAreCanonical() {
        for (int number : new int[] {MsrTable.FS_BASE, MsrTable.GS_BASE, MsrTable.KERNEL_GS_BASE, MsrTable.LSTAR}) {
            assertThat(accepts(number, 0x7fff_ffff_ffffL)).isTrue();
            assertThat(accepts(number, 0xffff_8000_0000_0000L)).isTrue();
            assertThat(accepts(number, 0x8000_0000_0000L)).isFalse();
        }
    }

    @Test
    void eferBitsFollowTheFeatures() {
        assertThat(accepts(MsrTable.EFER, 1 << 21 | 1 << 11 | 1 << 8 | 1)).isTrue();
        assertThat(accepts(MsrTable.EFER, 1 << 12)).isFalse();
        EnumSet<CpuFeature> fewer = EnumSet.copyOf(CpuProfile.V2.features());
        fewer.remove(CpuFeature.AUTO_IBRS);
        MsrTable other = table(new CpuProfile("fewer", fewer), 0);
        assertThat(other.accepts(other.slot(MsrTable.EFER), 0, 1 << 21)).isFalse();
    }

    @Test
    void onlyTheFirstCpuIsTheBootstrapProcessor() {
        assertThat(reset(MsrTable.APIC_BASE)).isEqualTo(0xfee0_0900L);
        MsrTable second = table(CpuProfile.V2, 1);
        assertThat(second.resetValues()[second.slot(MsrTable.APIC_BASE)]).isEqualTo(0xfee0_0800L);
    }
}
