package dev.quoll.bindings.code;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.bindings.RequiresLinux;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The kernel's /proc/cpuinfo is the witness. */
@RequiresLinux
class HostCpuidTest {

    private static String cpuinfo(String key) throws IOException {
        return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith(key)).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElseThrow();
    }

    private static String text(int... registers) {
        var buffer = ByteBuffer.allocate(4 * registers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int register : registers) {
            buffer.putInt(register);
        }
        return new String(buffer.array(), StandardCharsets.US_ASCII).replace("\0", "");
    }

    @Test
    void vendorBrandAndSignatureMatchTheKernels() throws IOException {
        try (var cpuid = HostCpuid.open()) {
            var vendor = cpuid.query(0, 0);
            assertThat(text(vendor.ebx(), vendor.edx(), vendor.ecx())).isEqualTo(cpuinfo("vendor_id"));
            var brand = new StringBuilder();
            for (int leaf = 0x8000_0002; leaf <= 0x8000_0004; leaf++) {
                var part = cpuid.query(leaf, 0);
                brand.append(text(part.eax(), part.ebx(), part.ecx(), part.edx()));
            }
            assertThat(brand.toString().strip()).isEqualTo(cpuinfo("model name"));
            int signature = cpuid.query(1, 0).eax();
            int family = (signature >> 8 & 0xF) + ((signature >> 8 & 0xF) == 0xF ? signature >> 20 & 0xFF : 0);
            assertThat(family).isEqualTo(Integer.parseInt(cpuinfo("cpu family")));
            assertThat(signature & 0xF).isEqualTo(Integer.parseInt(cpuinfo("stepping")));
        }
    }

    @Test
    void featureBitsMatchTheKernelsFlags() throws IOException {
        var flags = " " + cpuinfo("flags") + " ";
        try (var cpuid = HostCpuid.open()) {
            int ecx = cpuid.query(1, 0).ecx();
            int ebx = cpuid.query(7, 0).ebx();
            Map.of("sse4_2", ecx >> 20 & 1, "popcnt", ecx >> 23 & 1, "aes", ecx >> 25 & 1, "avx", ecx >> 28 & 1,
                    "bmi1", ebx >> 3 & 1, "avx2", ebx >> 5 & 1, "bmi2", ebx >> 8 & 1)
                    .forEach((name, bit) ->
                            assertThat(bit == 1).as(name).isEqualTo(flags.contains(" " + name + " ")));
        }
    }

    @Test
    void subleafReachesTheInstruction() {
        try (var cpuid = HostCpuid.open()) {
            // Leaf 0DH: subleaf 0 describes XCR0 (bit 0, x87, is always set); subleaf 2 is the AVX area at 576.
            assertThat(cpuid.query(0xD, 0).eax() & 1).isEqualTo(1);
            var avx = cpuid.query(0xD, 2);
            if ((cpuid.query(1, 0).ecx() >> 28 & 1) == 1) {
                assertThat(avx.eax()).isEqualTo(256);
                assertThat(avx.ebx()).isEqualTo(576);
            } else {
                assertThat(avx.eax()).isZero();
            }
        }
    }
}
