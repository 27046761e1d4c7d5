package dev.quoll.bindings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.restricted.RestrictedOperations;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@RequiresLinux
class NativeExceptionTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "open                | /dev/kvm | EACCES | usermod -aG kvm",
        "open                | /dev/kvm | ENOENT | modprobe kvm_intel",
        "open                | /dev/kvm | ENODEV | firmware set-up",
        "KVM_CREATE_VM       | /dev/kvm | EBUSY  | Another hypervisor",
        "open                | /disk.img | EACCES | ls -l /disk.img",
        "mmap                | 4096 bytes | ENOMEM | less memory",
        "mmap                | 4096 bytes | EPERM | security policy",
        "open                | /disk.img | EMFILE | ulimit -n",
    })
    void likelyFixIsPartOfTheMessage(String call, String subject, Errno error, String fix) {
        var exception = new NativeException(call, subject, error.number());
        assertThat(exception)
                .hasMessageStartingWith(call + " of " + subject + " failed with " + error.name() + " (")
                .hasMessageContaining(fix);
        assertThat(exception.remedy()).hasValueSatisfying(remedy -> assertThat(remedy).contains(fix));
        assertThat(exception.is(error)).isTrue();
    }

    @Test
    void unknownNumberIsReportedAsSuch() {
        assertThat(new NativeException("ioctl", "", 4095))
                .hasMessage("ioctl failed with error number 4095.");
    }

    /** The C library's own text for a number is an outside witness that name and number belong together. */
    @ParameterizedTest
    @EnumSource(Errno.class)
    void everyNumberIsKnownToTheCLibrary(Errno error) {
        String text = RestrictedOperations.reinterpret(linux_h.strerror(error.number()), 256).getString(0);
        assertThat(text).isNotBlank().doesNotStartWith("Unknown error");
        assertThat(Errno.of(error.number())).contains(error);
    }

    @Test
    void failedCallCarriesTheErrorNumberOfThatCall() {
        assertThatThrownBy(() -> FileDescriptor.open("/no/such/file", linux_h.O_RDONLY()))
                .isInstanceOfSatisfying(NativeException.class, e -> {
                    assertThat(e.call()).isEqualTo("open");
                    assertThat(e.subject()).isEqualTo("/no/such/file");
                    assertThat(e.is(Errno.ENOENT)).isTrue();
                });
        try (var arena = Arena.ofConfined()) {
            var own = CapturedErrno.allocate(arena);
            assertThat(linux_h.close(own, -1)).isNegative();
            assertThat(CapturedErrno.value(own)).isEqualTo(linux_h.EBADF());
        }
    }
}
