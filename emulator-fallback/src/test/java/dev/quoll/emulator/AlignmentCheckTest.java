package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.avx.AvxFamily;
import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.integer.IntegerFamily;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.EmulatedCpu;
import dev.quoll.emulator.sse.SseFamily;
import dev.quoll.emulator.system.Delivery;
import dev.quoll.emulator.system.SystemFamily;
import dev.quoll.emulator.x87.MmxFamily;
import dev.quoll.emulator.x87.SaveFamily;
import dev.quoll.emulator.x87.X87Family;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * #AC at CPL 3 with CR0.AM and EFLAGS.AC. The table is what an AMD EPYC processor did: it looks at alignment before it
 * looks at pages, wants 16 bytes of vectors, and nothing of masked moves and gathers.
 */
class AlignmentCheckTest {
    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x7f00_0000_0000L;
    private static final int PAGE = 4096;
    /** Instructions with RDI pointing to the operand and RCX = 1; offset in the data page or an address; vector or 0. */
    private static final String MEASURED =
            """
            load8 aligned | 488b07 | 64 | 0
            load4 at 2 | 8b07 | 66 | 17
            load8 at 4 | 488b07 | 68 | 17
            store2 at 1 | 668907 | 65 | 17
            load4 at 1 no page | 8b07 | 4097 | 17
            store4 at 1 no page | 8907 | 4097 | 17
            load8 crossing into none | 488b07 | 4092 | 17
            store8 crossing into none | 488907 | 4092 | 17
            load8 noncanonical mis | 488b07 | 0x800000000001 | 13
            movdqu load at 8 | f30f6f07 | 72 | 17
            movdqu load at 4 | f30f6f07 | 68 | 17
            movdqu load at 1 | f30f6f07 | 65 | 17
            movups load at 4 | 0f1007 | 68 | 17
            movupd load at 4 | 660f1007 | 68 | 17
            movdqu store at 8 | f30f7f07 | 72 | 17
            movdqu store at 1 | f30f7f07 | 65 | 17
            lddqu at 1 | f20ff007 | 65 | 17
            movdqa load at 8 | 660f6f07 | 72 | 13
            movdqa load at 1 | 660f6f07 | 65 | 13
            movaps store at 4 | 0f2907 | 68 | 13
            vmovdqu ymm at 8 | c5fe6f07 | 72 | 17
            vmovdqu ymm at 1 | c5fe6f07 | 65 | 17
            vpaddb mem at 1 | c5f9fc07 | 65 | 17
            movq xmm at 4 | f30f7e07 | 68 | 17
            movss at 2 | f30f1007 | 66 | 17
            movsd at 4 | f20f1007 | 68 | 17
            fldt at 8 | db2fddd8 | 72 | 0
            fldt at 4 | db2fddd8 | 68 | 17
            fldt at 2 | db2fddd8 | 66 | 17
            fstpt at 4 | d9eedb3f | 68 | 17
            fbld at 4 | df27ddd8 | 68 | 17
            fnstenv at 4 | d937 | 68 | 0
            fnstenv at 2 | d937 | 66 | 17
            fldenv at 2 | d927 | 66 | 17
            fnsave at 4 | dd37 | 68 | 0
            fnsave at 2 | dd37 | 66 | 17
            fnsave at 1 | dd37 | 65 | 17
            fnstcw at 1 | d93f | 65 | 17
            fxsave at 8 | 0fae07 | 72 | 13
            fxsave at 1 | 0fae07 | 65 | 17
            xsave at 8 | 31d2b8030000000fae27 | 72 | 13
            xsave at 1 | 31d2b8030000000fae27 | 65 | 13
            cmpxchg8b at 4 | 0fc70f | 68 | 17
            lock cmpxchg8b at 4 | f00fc70f | 68 | 17
            cmpxchg16b at 8 | 480fc70f | 72 | 13
            bt mem32 at 2 | 0fba2701 | 66 | 17
            bt mem64,reg at 4 | 31c0480fa307 | 68 | 17
            bt mem32,reg at 2 | 31c00fa307 | 66 | 17
            movsl src at 1 | 4889fe4883c601a5 | 64 | 17
            rep movsb at 1 | 4889fef3a4 | 65 | 0
            rep movsq at 1 | 4889fef348a5 | 65 | 17
            rep stosq at 4 | f348ab | 68 | 17
            clflush at 1 | 0fae3f | 65 | 0
            prefetch at 1 | 0f180f | 65 | 0
            xlat | 4889fbd7 | 65 | 0
            push at 4 | 4883ec04504883c40c | 64 | 17
            pmovzxbq m16 at 1 | 660f383207 | 65 | 17
            pmovzxbw m64 at 4 | 660f383007 | 68 | 17
            pinsrw at 1 | 660fc40700 | 65 | 17
            maskmovdqu at 1 | 660fefc9660ff7c1 | 65 | 17
            movnti at 2 | 0fc307 | 66 | 17
            crc32 at 2 | f20f38f107 | 66 | 17
            movbe at 2 | 0f38f007 | 66 | 17
            fildll at 4 | df2fddd8 | 68 | 17
            fistpll at 4 | d9eedf3f | 68 | 17
            xadd at 2 | 0fc107 | 66 | 17
            lock xadd at 2 | f00fc107 | 66 | 17
            enter | 4889e24883ec04c8000000c94889d4 | 64 | 17
            pushw at 1 | 4883ec0166504883c403 | 64 | 17
            vpmaskmovd at 1 all | c5f176c9c4e2718c07 | 65 | 0
            vpmaskmovd at 2 none | c5f1efc9c4e2718c07 | 66 | 0
            vpgatherdd at 1 | c5f176c9c5e9efd2c4e271900417 | 65 | 0
            vbroadcastss at 2 | c4e2791807 | 66 | 17
            vbroadcastf128 at 8 | c4e27d1a07 | 72 | 17
            vbroadcastf128 at 4 | c4e27d1a07 | 68 | 17
            vmovdqa ymm at 16 | c5fd6f07 | 80 | 13
            movntdqa at 8 | 660f382a07 | 72 | 13
            pcmpistri at 1 | 660f3a630700 | 65 | 17
            movdqu load at 16 | f30f6f07 | 80 | 0
            vmovdqu ymm at 16 | c5fe6f07 | 80 | 0
            vmovdqu ymm store at 16 | c5fe7f07 | 80 | 0
            fxsave at 4 | 0fae07 | 68 | 13
            fxsave at 2 | 0fae07 | 66 | 17
            fxsave64 at 4 | 480fae07 | 68 | 13
            fxrstor at 8 | 0fae0f | 72 | 13
            fxrstor at 4 | 0fae0f | 68 | 13
            fxrstor at 2 | 0fae0f | 66 | 17
            xrstor at 1 | 31d2b8030000000fae2f | 65 | 13
            ldmxcsr at 2 | 0fae17 | 66 | 17
            stmxcsr at 2 | 0fae1f | 66 | 17
            maskmovq at 1 | 0fefc90ff7c10f77 | 65 | 17
            maskmovq at 8 | 0fefc90ff7c10f77 | 72 | 0
            maskmovdqu at 8 | 660fefc9660ff7c1 | 72 | 0
            cmpxchg16b at 1 | 480fc70f | 65 | 13
            maskmovdqu over the end noncan | 660fefc9660ff7c1 | 0x7ffffffffffd | 13
            maskmovq over the end noncan | 0fefc90ff7c10f77 | 0x7ffffffffffd | 13
            vpmaskmovd at 1 all over the end noncan | c5f176c9c4e2718c07 | 0x7ffffffffffd | 13
            vpmaskmovd store over the end noncan | c5f176c9c4e2718e07 | 0x7ffffffffffd | 13
            vpmaskmovd store at 1 | c5f176c9c4e2718e07 | 65 | 0
            punpckldq mm m32? at 2 | 0f62070f77 | 66 | 17
            punpckldq mm at 4 | 0f62070f77 | 68 | 0
            movhps at 4 | 0f1607 | 68 | 17
            movddup at 4 | f20f1207 | 68 | 17
            cvtdq2pd at 4 | f30fe607 | 68 | 17
            cvtps2pd at 4 | 0f5a07 | 68 | 17
            lsl mem at 1 | 0f0307 | 65 | 17
            verr mem at 1 | 0f0027 | 65 | 17
            load8 mis at none noncan | 488b07 | 0x7ffffffffffd | 13
            load8 mis crossing page ok | 488b07 | 8188 | 17
            stack mis noncanonical rbp | 4889ea48c7c50100000048c1e52f4883c501488b45004889d5 | 64 | 12
            rep movsd 0 count at 1 | 31c94889fef3a5b901000000 | 65 | 0
            rep lodsw at 1 | 4889fe66f3ad | 65 | 17
            bt mem16 reg at 1 | 31c0660fa307 | 65 | 17
            lock btsl reg at 2 | 31c0f00fab07 | 66 | 17
            fnsave16 at 2 | 66dd37 | 66 | 0
            fnsave16 at 1 | 66dd37 | 65 | 17
            frstor16 at 2 | 66dd3766dd27 | 66 | 0
            vextractf128 at 8 | c4e37d190701 | 72 | 17
            vinsertf128 at 8 | c4e37d180701 | 72 | 17
            vpmovzxbw ymm m128 at 8 | c4e27d3007 | 72 | 17
            vcvtph2ps m64 at 4 | c4e2791307 | 68 | 17
            pcmpistri at 8 | 660f3a630700 | 72 | 17
            popq at 4 | 4883ec0c584883c404 | 64 | 17
            enter to 1 | c8010000c9 | 64 | 17
            fistpl of nothing, unmasked, at 2 | dbe3d97c24f8806424f8fed96c24f8db1f | 66 | 17
            fistpl of nothing, unmasked, at 1 no page | dbe3d97c24f8806424f8fed96c24f8db1f | 4097 | 17
            vcvtps2ph at 4 | c4e3791d0700 | 68 | 17
            vcvtps2ph ymm at 8 no page | c4e37d1d0700 | 4104 | 17
            leave at 4 | 4889ea488d6c24f44989e0c94c89c44889d5 | 64 | 17
            """;

    private static int run(String code, long address, boolean checks) throws Exception {
        try (EmulatedCpu cpu = EmulatedCpu.create(
                List.of(
                        new IntegerFamily(),
                        new SystemFamily(new Delivery()),
                        new SseFamily(),
                        new AvxFamily(),
                        new MmxFamily(),
                        new X87Family(),
                        new SaveFamily()),
                CODE,
                DATA)) {
            cpu.cr0 |= ControlBits.CR0_AM;
            cpu.updateMode();
            CpuState state = new CpuState();
            state.gpr[7] = address;
            state.gpr[1] = 1;
            state.gpr[4] = DATA + 3072;
            state.flags = checks ? Flags.AC : 0;
            byte[] data = new byte[PAGE];
            cpu.place(HexFormat.of().parseHex(code), CODE);
            int vector = cpu.run(state, data);
            if (vector == 17) {
                // The operand; what a program has on its stack is further up.
                assertThat(Arrays.equals(data, 0, 256, new byte[256], 0, 256)).as("no part is stored").isTrue();
            }
            return vector;
        }
    }

    @TestFactory
    Stream<DynamicTest> asMeasured() {
        return MEASURED.lines().map(line -> {
            String[] fields = line.strip().split(" *\\| *");
            long place = Long.decode(fields[2]);
            long address = place < 0x10000 ? DATA + place : place;
            int vector = Integer.parseInt(fields[3]);
            return DynamicTest.dynamicTest(fields[0], () -> {
                assertThat(run(fields[1], address, true)).isEqualTo(vector == 0 ? -1 : vector);
                if (vector == 17 && place < 4000) {
                    assertThat(run(fields[1], address, false)).as("without AC").isIn(-1, 13);
                }
            });
        });
    }

    /** POPF sets and clears the flag within one program. */
    @Test
    void theFlagTakesEffectAtOnce() throws Exception {
        // mov eax,[rdi]; pushf; or byte [rsp+2],4; popf; mov ecx,[rdi+3]
        String set = "8b07" + "9c" + "804c240204" + "9d";
        assertThat(run(set + "8b4f03", DATA + 1, false)).as("aligned").isEqualTo(-1);
        assertThat(run(set + "8b4f02", DATA + 1, false)).isEqualTo(17);
        // ... and byte [rsp+2],~4; popf; mov ecx,[rdi+2]
        String clear = "9c" + "80642402fb" + "9d";
        assertThat(run(set + clear + "8b4f02", DATA + 1, false)).isEqualTo(-1);
    }
}
