package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.boot.kit.DownloadKit;
import dev.quoll.boot.kit.FirmwareFlavour;
import dev.quoll.boot.kit.KitException;
import dev.quoll.boot.kit.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Debian's firmware boots what is on disks and CD-ROMs: a boot sector of ours, and GRUB with the stock kernel. */
@Tag("long")
@Timeout(1500)
class FirmwareGuestTest {
    private static final Duration FIRMWARE = Duration.ofMinutes(8);
    private static final Duration SHORT = Duration.ofMinutes(1);
    private static final String GREETING = "hello from the boot sector";
    private static final int SECTOR = 512;

    @TempDir
    private Path folder;

    /** Fetches firmware, or skips the tests where it cannot be had. */
    @BeforeAll
    static void fetch() throws InterruptedException {
        DownloadKit kit = new DownloadKit(DownloadKit.userCache(), Progress.NONE);
        for (FirmwareFlavour flavour : FirmwareFlavour.values()) {
            try {
                kit.firmware(flavour);
            } catch (KitException e) {
                assumeTrue(false, "no firmware at hand: " + e.getMessage());
            }
        }
    }

    private static GuestTerminal run(String... options) throws IOException {
        List<String> command = StockGuest.program("run", "--engine", "emulator");
        Collections.addAll(command, options);
        return new GuestTerminal(command);
    }

    /** A disk whose first sector greets by the BIOS's teletype call, and powers off by the register that SeaBIOS has set up. */
    private Path bootSector() throws IOException {
        byte[] sector = new byte[2048 * SECTOR];
        int[] code = {
            // XOR AX, AX; MOV DS, AX; MOV SI, text; next: LODSB; TEST AL, AL; JZ end; MOV AH, 0eh; INT 10h; JMP next
            0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x40, 0x7c, 0xac, 0x84, 0xc0, 0x74, 0x06, 0xb4, 0x0e, 0xcd, 0x10, 0xeb, 0xf5,
            // end: MOV DX, 604h; MOV AX, 2000h; OUT DX, AX; HLT
            0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4
        };
        for (int i = 0; i < code.length; i++) {
            sector[i] = (byte) code[i];
        }
        for (int i = 0; i < GREETING.length(); i++) {
            sector[0x40 + i] = (byte) GREETING.charAt(i);
        }
        // SeaBIOS holds the last character back until another one comes.
        sector[0x40 + GREETING.length()] = '\r';
        sector[0x41 + GREETING.length()] = '\n';
        sector[SECTOR - 2] = 0x55;
        sector[SECTOR - 1] = (byte) 0xaa;
        return Files.write(folder.resolve("disk.img"), sector);
    }

    @ParameterizedTest
    @ValueSource(strings = {"virtio", "sata"})
    void seabiosBootsADisk(String bus) throws Exception {
        try (GuestTerminal guest = run("--firmware", "seabios", "--disk", bootSector() + ",bus=" + bus)) {
            guest.expect("SeaBIOS (version ", FIRMWARE);
            guest.expect("Booting from Hard Disk...", FIRMWARE);
            guest.expect(GREETING, SHORT);
            assertThat(guest.exitStatus(SHORT)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(FirmwareFlavour.class)
    void grubBootsTheStockKernelFromACdRom(FirmwareFlavour firmware) throws Exception {
        HostPrograms.require("grub-mkrescue", "xorriso", "mformat");
        StockGuest stock = new StockGuest(folder);
        Path root = Files.createDirectories(folder.resolve("root/boot/grub")).getParent();
        Files.copy(stock.kernel(), root.resolve("vmlinuz"));
        Files.copy(stock.initrds().getFirst(), root.resolve("initrd"));
        Files.writeString(root.resolve("grub/grub.cfg"), """
                serial --unit=0 --speed=115200
                terminal_input serial
                terminal_output serial
                set timeout=1
                menuentry "stock kernel" {
                    linux /boot/vmlinuz console=ttyS0 cryptomgr.notests
                    initrd /boot/initrd
                }
                """);
        Path iso = folder.resolve("grub.iso");
        HostPrograms.outputOf(
                folder, Map.of(), List.of("grub-mkrescue", "-o", iso.toString(), root.getParent().toString()));
        try (GuestTerminal guest = run(
                "--firmware", firmware.name().toLowerCase(Locale.ROOT), "--cdrom", iso.toString(), "--cpus", "2")) {
            guest.expect("stock kernel", FIRMWARE);
            guest.expect("Linux version ", FIRMWARE);
            guest.expect(GuestTerminal.PROMPT, StockGuest.BOOT);
            guest.run("dmesg -n 1", SHORT);
            assertThat(guest.run("nproc", SHORT).strip()).isEqualTo("2");
            assertThat(guest.run("cat /sys/bus/pci/devices/0000:00:1f.2/class", SHORT).strip()).isEqualTo("0x010601");
            assertThat(guest.run("dmesg | grep -iE 'acpi.*(error|warn)' | wc -l", SHORT).strip()).isEqualTo("0");
            guest.type("poweroff -f");
            assertThat(guest.exitStatus(SHORT)).isZero();
        }
    }
}
