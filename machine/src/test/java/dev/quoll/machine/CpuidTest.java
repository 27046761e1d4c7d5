package dev.quoll.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Leaves agree with each other, with the profile and with the XSAVE layout. */
class CpuidTest {
    private static final int EAX = 0;
    private static final int EBX = 1;
    private static final int ECX = 2;
    private static final int EDX = 3;

    static Stream<Cpuid> tables() {
        return CpuProfile.all().stream().flatMap(profile -> Stream.of(1, 2, 3, 8, 64, 200)
                .flatMap(count -> Stream.of(0, count / 2, count - 1)
                        .distinct()
                        .map(index -> make(profile, index, count))));
    }

    private static Cpuid make(CpuProfile profile, int index, int count) {
        return new Cpuid(profile, Cpuid.Abilities.everything(), new Cpuid.Place(index, count, 1_000_000, 1_000_000));
    }

    private static int[] ask(Cpuid cpuid, int leaf, int subleaf) {
        int[] out = {-1, -1, -1, -1};
        cpuid.query(leaf, subleaf, 0, 1, true, out);
        return out;
    }

    private static String text(int... words) {
        ByteBuffer buffer = ByteBuffer.allocate(words.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : words) {
            buffer.putInt(word);
        }
        return new String(buffer.array(), StandardCharsets.US_ASCII).replace("\0", "");
    }

    @ParameterizedTest
    @MethodSource("tables")
    void showsExactlyTheOfferedFeatures(Cpuid cpuid) {
        for (CpuFeature feature : CpuFeature.values()) {
            int value = ask(cpuid, feature.leaf(), feature.subleaf())[feature.register().ordinal()];
            assertThat(value >>> feature.bit() & 1)
                    .as(feature.name())
                    .isEqualTo(cpuid.offers(feature) ? 1 : 0);
        }
    }

    @Test
    void fiveLevelPagingWidensLinearAddresses() {
        EnumSet<CpuFeature> features = EnumSet.copyOf(CpuProfile.V2.features());
        assertThat(ask(make(CpuProfile.V2, 0, 1), 0x8000_0008, 0)[EAX] >> 8 & 0xff).isEqualTo(48);
        assertThat(ControlMasks.cr4(features) & 1 << 12).isZero();
        features.add(CpuFeature.LA57);
        Cpuid cpuid = make(new CpuProfile("five levels", features), 0, 1);
        assertThat(ask(cpuid, 0x8000_0008, 0)[EAX] >> 8 & 0xff).isEqualTo(57);
        assertThat(ask(cpuid, 7, 0)[ECX] & 1 << 16).isNotZero();
        assertThat(ControlMasks.cr4(cpuid.offered()) & 1 << 12).isNotZero();
    }

    /**
     * Programs ask for one feature and take for granted what every processor has with it: libzstd asks for BMI1 and BMI2 and
     * then executes LZCNT, which is BSR where there is no LZCNT.
     */
    @Test
    void whatComesTogetherIsOfferedTogether() {
        for (CpuProfile profile : CpuProfile.all()) {
            assertThat(profile.offers(CpuFeature.BMI1)).isEqualTo(profile.offers(CpuFeature.BMI2)).isEqualTo(profile.offers(CpuFeature.LZCNT));
            assertThat(profile.offers(CpuFeature.SSE4_2)).isEqualTo(profile.offers(CpuFeature.POPCNT));
            for (CpuFeature below : new CpuFeature[] {CpuFeature.AVX, CpuFeature.FMA, CpuFeature.F16C, CpuFeature.MOVBE, CpuFeature.BMI2}) {
                assertThat(!profile.offers(CpuFeature.AVX2) || profile.offers(below)).as("AVX2 comes with %s", below).isTrue();
            }
        }
    }

    @Test
    void noTwoFeaturesShareABit() {
        Set<String> places = new HashSet<>();
        for (CpuFeature feature : CpuFeature.values()) {
            assertThat(places.add(feature.leaf() + "." + feature.subleaf() + feature.register() + feature.bit()))
                    .as(feature.name())
                    .isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void vendorSignatureAndBrandAgree(Cpuid cpuid) {
        int[] first = ask(cpuid, 0, 0);
        int[] extended = ask(cpuid, 0x8000_0000, 0);
        assertThat(text(first[EBX], first[EDX], first[ECX])).isEqualTo("AuthenticAMD");
        assertThat(text(extended[EBX], extended[EDX], extended[ECX])).isEqualTo("AuthenticAMD");
        int signature = ask(cpuid, 1, 0)[EAX];
        assertThat(ask(cpuid, 0x8000_0001, 0)[EAX]).isEqualTo(signature);
        assertThat((signature >>> 8 & 0xf) + (signature >>> 20 & 0xff)).isEqualTo(0x19);
        assertThat((signature >>> 4 & 0xf) | (signature >>> 12 & 0xf0)).isEqualTo(0x11);
        StringBuilder brand = new StringBuilder();
        for (int leaf = 0x8000_0002; leaf <= 0x8000_0004; leaf++) {
            brand.append(text(ask(cpuid, leaf, 0)));
        }
        assertThat(brand.toString()).matches("Quoll Virtual CPU \\(v[23]\\)");
    }

    @ParameterizedTest
    @MethodSource("tables")
    void extendedFeaturesRepeatLeafOne(Cpuid cpuid) {
        int repeated = 0x0183_f3ff;
        assertThat(ask(cpuid, 0x8000_0001, 0)[EDX] & repeated).isEqualTo(ask(cpuid, 1, 0)[EDX] & repeated);
    }

    @ParameterizedTest
    @MethodSource("tables")
    void topologyLeavesAgree(Cpuid cpuid) {
        int index = cpuid.place().index();
        int count = cpuid.place().count();
        int[] one = ask(cpuid, 1, 0);
        assertThat(one[EBX] >>> 24).isEqualTo(index);
        assertThat(one[EBX] >>> 16 & 0xff).isEqualTo(count);
        assertThat(one[EBX] >>> 8 & 0xff).isEqualTo(8);
        assertThat(one[EDX] >>> 28 & 1).isEqualTo(count > 1 ? 1 : 0);
        int[] thread = ask(cpuid, 0xb, 0);
        int[] core = ask(cpuid, 0xb, 1);
        int[] beyond = ask(cpuid, 0xb, 2);
        assertThat(thread).containsExactly(0, 1, 0x100, index);
        assertThat(core[EBX]).isEqualTo(count);
        assertThat(core[ECX]).isEqualTo(0x201);
        assertThat(core[EDX]).isEqualTo(index);
        assertThat(beyond).containsExactly(0, 0, 2, index);
        // All CPUs are of one package, and no smaller shift would do.
        assertThat(count - 1 >>> core[EAX]).isZero();
        assertThat(core[EAX] == 0 || count - 1 >>> core[EAX] - 1 != 0).isTrue();
        int[] sizes = ask(cpuid, 0x8000_0008, 0);
        assertThat(sizes[ECX] & 0xff).isEqualTo(count - 1);
        assertThat(sizes[ECX] >>> 12 & 0xf).isEqualTo(core[EAX]);
        int[] extended = ask(cpuid, 0x8000_001e, 0);
        assertThat(extended[EAX]).isEqualTo(index);
        assertThat(extended[EBX]).isEqualTo(index);
    }

    @ParameterizedTest
    @MethodSource("tables")
    void cachesMultiplyToTheirSizes(Cpuid cpuid) {
        int[] level1 = ask(cpuid, 0x8000_0005, 0);
        int[] level23 = ask(cpuid, 0x8000_0006, 0);
        int[] kib = {level1[ECX] >>> 24, level1[EDX] >>> 24, level23[ECX] >>> 16, (level23[EDX] >>> 18) * 512};
        for (int subleaf = 0; subleaf < 4; subleaf++) {
            int[] cache = ask(cpuid, 0x8000_001d, subleaf);
            int bytes = ((cache[EBX] & 0xfff) + 1) * ((cache[EBX] >>> 22) + 1) * (cache[ECX] + 1);
            assertThat(bytes).isEqualTo(kib[subleaf] << 10);
            assertThat((cache[EAX] >>> 14 & 0xfff) + 1).isEqualTo(subleaf == 3 ? cpuid.place().count() : 1);
        }
        assertThat(ask(cpuid, 0x8000_001d, 4)).containsOnly(0);
    }

    @ParameterizedTest
    @MethodSource("tables")
    void xsaveLeafAgreesWithTheLayout(Cpuid cpuid) {
        int[] main = ask(cpuid, 0xd, 0);
        long mask = main[EAX] & 0xffff_ffffL | (long) main[EDX] << 32;
        assertThat(mask).isEqualTo(cpuid.xcr0Mask()).isEqualTo(cpuid.offers(CpuFeature.AVX) ? 7 : 3);
        int end = 576;
        for (int component = 2; component < 63; component++) {
            int[] row = ask(cpuid, 0xd, component);
            if ((mask >>> component & 1) == 0) {
                assertThat(row).containsOnly(0);
            } else {
                assertThat(row[EBX]).isGreaterThanOrEqualTo(end);
                end = row[EBX] + row[EAX];
            }
        }
        assertThat(main[ECX]).isEqualTo(end);
        int[] out = new int[4];
        for (long xcr0 : new long[] {1, 3, 7}) {
            if ((xcr0 & ~mask) == 0) {
                cpuid.query(0xd, 0, 0, xcr0, true, out);
                assertThat(out[EBX]).isEqualTo(xcr0 == 7 ? 832 : 576);
            }
        }
    }

    @Test
    void osxsaveOspkeAndApicFollowTheirRegisters() {
        CpuProfile withKeys = new CpuProfile("keys", EnumSet.allOf(CpuFeature.class));
        Cpuid cpuid = make(withKeys, 0, 2);
        int[] out = new int[4];
        cpuid.query(1, 0, 1L << 18, 3, false, out);
        assertThat(out[ECX] >>> 27 & 1).isEqualTo(1);
        assertThat(out[EDX] >>> 9 & 1).isZero();
        cpuid.query(1, 0, 0, 3, true, out);
        assertThat(out[ECX] >>> 27 & 1).isZero();
        assertThat(out[EDX] >>> 9 & 1).isEqualTo(1);
        cpuid.query(0x8000_0001, 0, 0, 3, false, out);
        assertThat(out[EDX] >>> 9 & 1).isZero();
        cpuid.query(7, 0, 1L << 22, 3, true, out);
        assertThat(out[ECX] >>> 4 & 1).isEqualTo(1);
        cpuid.query(7, 0, 0, 3, true, out);
        assertThat(out[ECX] >>> 4 & 1).isZero();
        // Without the feature the CR4 bit, which cannot be set, shows nothing.
        make(CpuProfile.V2, 0, 1).query(7, 0, 1L << 22, 3, true, out);
        assertThat(out[ECX] >>> 4 & 1).isZero();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void hypervisorLeavesCarryTheKvmSignature(Cpuid cpuid) {
        int[] out = ask(cpuid, 0x4000_0000, 0);
        assertThat(out[EAX]).isEqualTo(0x4000_0010);
        assertThat(text(out[EBX], out[ECX], out[EDX])).isEqualTo("KVMKVMKVM");
        assertThat(ask(cpuid, 0x4000_0001, 0)).containsExactly(0x0100_000b, 0, 0, 0);
        assertThat(ask(cpuid, 0x4000_0010, 0)).containsExactly(1_000_000, 1_000_000, 0, 0);
    }

    @ParameterizedTest
    @MethodSource("tables")
    void kernelsFindNoNeedForMitigations(Cpuid cpuid) {
        int[] sizes = ask(cpuid, 0x8000_0008, 0);
        int[] second = ask(cpuid, 0x8000_0021, 0);
        // XSAVEERPTR, SSB_NO, BTC_NO; no bit of a speculation control that would have to be written.
        assertThat(sizes[EBX]).isEqualTo(1 << 2 | 1 << 26 | 1 << 29);
        assertThat(second[EAX] & (1 << 8 | 1 << 29 | 1 << 30)).isEqualTo(1 << 8 | 1 << 29 | 1 << 30);
        assertThat(second[ECX]).isEqualTo(6);
        // What is advertised is also accepted: EFER.AIBRSE.
        assertThat(ControlMasks.efer(cpuid.offered()) >>> 21 & 1).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("tables")
    void absentFacilitiesHaveEmptyLeaves(Cpuid cpuid) {
        for (int leaf : new int[] {2, 4, 5, 0xa, 0xc, 0xe, 0x15, 0x16, 0x3fff_ffff, 0x4000_0011, 0x4001_0000,
            0x8000_000a, 0x8000_001f, 0x8000_0022, 0x8001_0001, 0xc000_0000, -1}) {
            assertThat(ask(cpuid, leaf, 0)).as("leaf %x", leaf).containsOnly(0);
        }
        assertThat(ask(cpuid, 7, 1)).containsOnly(0);
        assertThat(ask(cpuid, 7, -1)).containsOnly(0);
        assertThat(ask(cpuid, 1, 77)).isEqualTo(ask(cpuid, 1, 0));
    }

    @ParameterizedTest
    @MethodSource("tables")
    void entriesSayWhatQueriesSay(Cpuid cpuid) {
        assertThat(cpuid.entries()).hasSizeLessThan(100).allSatisfy(entry -> assertThat(
                        ask(cpuid, entry.leaf(), entry.subleaf()))
                .containsExactly(entry.eax(), entry.ebx(), entry.ecx(), entry.edx()));
    }

    @Test
    void aMissingAbilityTakesItsDependantsAlong() {
        EnumSet<CpuFeature> able = EnumSet.allOf(CpuFeature.class);
        able.remove(CpuFeature.XSAVE);
        Cpuid cpuid = new Cpuid(
                CpuProfile.V3, new Cpuid.Abilities(able, 46), new Cpuid.Place(0, 1, 1_000_000, 1_000_000));
        assertThat(cpuid.offered())
                .doesNotContain(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.VAES, CpuFeature.XSAVE)
                .contains(CpuFeature.AES, CpuFeature.SHA);
        assertThat(ask(cpuid, 0xd, 0)).containsOnly(0);
        assertThat(ask(cpuid, 0x8000_0008, 0)[EAX]).isEqualTo(48 << 8 | 46);
        assertThat(ControlMasks.cr4(cpuid.offered()) >>> 18 & 1).isZero();
    }

    @Test
    void featuresCanBeAddedToAProfile() {
        CpuProfile profile = CpuProfile.named("v2+clzero+la57+rdpid");
        assertThat(profile.features())
                .containsAll(CpuProfile.V2.features())
                .contains(CpuFeature.CLZERO, CpuFeature.LA57, CpuFeature.RDPID)
                .hasSize(CpuProfile.V2.features().size() + 3);
        assertThat(ask(make(profile, 0, 1), 0x8000_0008, 0)[EBX] & 1).as("CLZERO").isOne();
        assertThat(ask(make(CpuProfile.V2, 0, 1), 0x8000_0008, 0)[EBX] & 1).isZero();
        for (String wrong : new String[] {"v2+sse9", "v2+", "v2+avx", "v2+clzero+"}) {
            assertThatThrownBy(() -> CpuProfile.named(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageEndingWith("to add to a profile; there are clflushopt, clwb, la57, rdpid, clzero");
        }
    }

    @Test
    void theThirdProfileExtendsTheSecond() {
        assertThat(CpuProfile.V3.features()).containsAll(CpuProfile.V2.features());
        assertThat(CpuProfile.V2.offers(CpuFeature.AVX)).isFalse();
        assertThat(CpuProfile.named("v3")).isSameAs(CpuProfile.V3);
        assertThatThrownBy(() -> CpuProfile.named("v9"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no CPU profile \"v9\"; the profiles are v2, v3");
    }
}
