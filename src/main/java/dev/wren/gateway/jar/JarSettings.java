package dev.wren.gateway.jar;

import dev.wren.gateway.limits.ByteRange;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Limits of jars.
 *
 * @param maxSize bytes of a jar
 * @param maxEntries entries in a jar
 * @param maxUnpackedSize bytes of all entries of a jar, inflated
 * @param maxClassPath jars that a function may have
 * @param maxClassPathSize bytes of all jars of a function
 * @param maxUploads jars being received at once, each of them a temporary file
 * @param cacheFolder where jars are kept as files for workers; a private folder among the system's temporary files where
 * it is not given
 * @param cacheSize bytes of jars kept there, except for those in use
 */
@Validated
@ConfigurationProperties("wren.jars")
record JarSettings(@DefaultValue("256MB") @ByteRange DataSize maxSize, @DefaultValue("100000") @Min(1) int maxEntries,
        @DefaultValue("2GB") @ByteRange DataSize maxUnpackedSize, @DefaultValue("500") @Min(1) int maxClassPath,
        @DefaultValue("512MB") @ByteRange DataSize maxClassPathSize, @DefaultValue("16") @Min(1) int maxUploads,
        @Nullable String cacheFolder, @DefaultValue("2GB") @ByteRange DataSize cacheSize) {
}
