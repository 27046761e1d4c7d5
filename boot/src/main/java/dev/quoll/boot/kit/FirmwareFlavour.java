package dev.quoll.boot.kit;

import java.util.Optional;

/** Firmware that the kit can fetch. */
public enum FirmwareFlavour {
    /** A BIOS. */
    SEABIOS("seabios", "usr/share/seabios/bios-256k.bin", null),
    /** UEFI, without secure boot: that needs system management mode. */
    OVMF("ovmf", "usr/share/OVMF/OVMF_CODE_4M.fd", "usr/share/OVMF/OVMF_VARS_4M.fd");

    private final String packageName;
    private final String code;
    private final String variables;

    FirmwareFlavour(String packageName, String code, String variables) {
        this.packageName = packageName;
        this.code = code;
        this.variables = variables;
    }

    /** The Debian package that brings it. */
    String packageName() {
        return packageName;
    }

    /** The image's name in the package. */
    String code() {
        return code;
    }

    /** The name of fresh variables in the package. */
    Optional<String> variables() {
        return Optional.ofNullable(variables);
    }
}
