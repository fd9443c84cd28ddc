package dev.wren.gateway.executor.standalone;

import dev.wren.gateway.executor.InstancePool.RefusedException;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.CreateFleetError;
import software.amazon.awssdk.services.ec2.model.CreateFleetResponse;
import software.amazon.awssdk.services.ec2.model.DefaultTargetCapacityType;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.FleetLaunchTemplateConfigRequest;
import software.amazon.awssdk.services.ec2.model.FleetLaunchTemplateOverridesRequest;
import software.amazon.awssdk.services.ec2.model.FleetType;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceLifecycleType;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.SpotAllocationStrategy;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

/** EC2, for one pool: its instances have the pool's name as a tag. Safe for use by several threads. */
final class Fleet implements AutoCloseable {

    /** Whose value is the pool's name, and nothing but it. */
    static final String POOL_TAG = "wren-pool";
    /** What EC2's console shows. */
    static final String NAME_TAG = "Name";

    private static final Logger log = LoggerFactory.getLogger(Fleet.class);
    /** The most that EC2 describes, or ends, with one request. */
    private static final int MOST = 1000;
    /** Instances in one answer; 5 to 1,000 are allowed. */
    private static final int PAGE = 200;
    private static final String UNKNOWN = "InvalidInstanceID.NotFound";
    private static final String MALFORMED = "InvalidInstanceID.Malformed";
    private static final Duration CONNECT = Duration.ofSeconds(3);

    private final Ec2Client client;
    private final String pool;
    private final String template;

    Fleet(AwsClientBuilderConfigurer aws, String pool, String template, Duration timeout) {
        this.pool = pool;
        this.template = template;
        this.client = aws.configure(Ec2Client.builder())
                .httpClientBuilder(Apache5HttpClient.builder().connectionTimeout(CONNECT).socketTimeout(timeout))
                .overrideConfiguration(each -> each.apiCallAttemptTimeout(timeout))
                .build();
    }

    /**
     * What is launched.
     *
     * @param spotPrice dollars an hour at most; null: instances that are not taken away
     * @param token of this request and try: with the same token nothing is launched twice
     */
    record Order(int number, String instanceType, @Nullable BigDecimal spotPrice, @Nullable String availabilityZone,
            Map<String, String> tags, String token) {
    }

    /**
     * Launches instances: all, or none that would stay.
     *
     * @return their ids
     * @throws RefusedException with EC2's code
     */
    List<String> launch(Order order) {
        CreateFleetResponse answer;
        try {
            answer = create(order);
        } catch (SdkException e) {
            throw refused(e);
        }
        List<String> ids = answer.instances().stream().flatMap(each -> each.instanceIds().stream()).toList();
        if (ids.size() >= order.number) {
            // Some zones may have had no room while others had it.
            answer.errors()
                    .forEach(error -> log.info("pool {}: EC2 launched elsewhere what it refused with {}: {}", pool,
                            error.errorCode(), error.errorMessage()));
            return ids;
        }
        if (!ids.isEmpty()) {
            terminate(ids);
        }
        // It may answer neither instances nor errors.
        String code = answer.errors().stream().map(CreateFleetError::errorCode).findFirst()
                .orElse("InsufficientInstanceCapacity");
        throw new RefusedException(code, answer.errors().stream()
                .map(error -> error.errorCode() + ": " + error.errorMessage()).distinct()
                .collect(Collectors.joining("; ",
                        "EC2 had " + ids.size() + " of " + order.number + " instances, which were ended again. ", "")));
    }

    private CreateFleetResponse create(Order order) {
        List<Tag> tags = new ArrayList<>();
        order.tags.forEach((key, value) -> tags.add(Tag.builder().key(key).value(value).build()));
        tags.add(Tag.builder().key(POOL_TAG).value(pool).build());
        BigDecimal price = order.spotPrice;
        return client.createFleet(fleet -> {
            fleet.type(FleetType.INSTANT).clientToken(order.token)
                    .launchTemplateConfigs(FleetLaunchTemplateConfigRequest.builder()
                            .launchTemplateSpecification(of -> of.launchTemplateName(template).version("$Default"))
                            .overrides(FleetLaunchTemplateOverridesRequest.builder().instanceType(order.instanceType)
                                    .availabilityZone(order.availabilityZone)
                                    .maxPrice(price == null ? null : price.toPlainString()).build())
                            .build())
                    .targetCapacitySpecification(capacity -> capacity.totalTargetCapacity(order.number)
                            .defaultTargetCapacityType(
                                    price != null
                                            ? DefaultTargetCapacityType.SPOT
                                            : DefaultTargetCapacityType.ON_DEMAND))
                    .tagSpecifications(TagSpecification.builder().resourceType(ResourceType.INSTANCE).tags(tags)
                            .build());
            if (price != null) {
                fleet.spotOptions(each -> each
                        .allocationStrategy(SpotAllocationStrategy.PRICE_CAPACITY_OPTIMIZED));
            }
        });
    }

    private static RefusedException refused(SdkException e) {
        if (e instanceof AwsServiceException said && said.awsErrorDetails() != null) {
            return new RefusedException(said.awsErrorDetails().errorCode(), said.awsErrorDetails().errorMessage());
        }
        return new RefusedException("Unreachable", "EC2 does not answer: " + e.getMessage());
    }

    /**
     * An instance as EC2 says it.
     *
     * @param name of its tag, or empty
     * @param isOver whether it has ended, or is about to
     */
    record Seen(String id, String name, String instanceType, boolean spot, String publicDnsName,
            @Nullable Instant launchedAt,
            boolean isOver) {

        private static Seen of(Instance instance) {
            return new Seen(instance.instanceId(), Fleet.tag(instance, NAME_TAG), instance.instanceTypeAsString(),
                    instance.instanceLifecycle() == InstanceLifecycleType.SPOT,
                    Objects.requireNonNullElse(instance.publicDnsName(), ""),
                    instance.launchTime(),
                    Fleet.isOver(instance.state().name()));
        }
    }

    private static boolean isOver(InstanceStateName state) {
        return switch (state) {
            case SHUTTING_DOWN, TERMINATED, STOPPING, STOPPED -> true;
            case PENDING, RUNNING, UNKNOWN_TO_SDK_VERSION -> false;
        };
    }

    /** The pool's instances by their ids, those included that have just ended; all of them, by pages. */
    Map<String, Seen> instances() {
        return client.describeInstancesPaginator(describe -> describe.maxResults(PAGE)
                .filters(Filter.builder().name("tag:" + POOL_TAG).values(pool).build()))
                .reservations().stream().flatMap(each -> each.instances().stream())
                // A filter's value may have wildcards; a pool's name is only itself.
                .filter(each -> tag(each, POOL_TAG).equals(pool)).map(Seen::of)
                .collect(Collectors.toMap(Seen::id, each -> each));
    }

    /** The value of an instance's tag; empty if it has none. */
    private static String tag(Instance instance, String key) {
        return instance.tags().stream().filter(each -> each.key().equals(key)).map(Tag::value).findFirst().orElse("");
    }

    /** Tells instances something by tags. */
    void tag(Collection<String> ids, Map<String, String> told) {
        List<Tag> tags = told.entrySet().stream()
                .map(each -> Tag.builder().key(each.getKey()).value(each.getValue()).build()).toList();
        List<String> all = List.copyOf(ids);
        for (int from = 0; from < all.size(); from += MOST) {
            List<String> batch = all.subList(from, Math.min(all.size(), from + MOST));
            try {
                client.createTags(create -> create.resources(batch).tags(tags));
            } catch (SdkException e) {
                throw refused(e);
            }
        }
    }

    /** Ends instances. What is not there any more, or not yet, keeps no other from its end. */
    void terminate(Collection<String> ids) {
        List<String> all = List.copyOf(ids);
        for (int from = 0; from < all.size(); from += MOST) {
            List<String> batch = all.subList(from, Math.min(all.size(), from + MOST));
            try {
                client.terminateInstances(terminate -> terminate.instanceIds(batch));
            } catch (Ec2Exception e) {
                if (batch.size() > 1 && isUnknown(e)) {
                    // One that is not known makes it end none. By halves it is soon alone.
                    terminate(batch.subList(0, batch.size() / 2));
                    terminate(batch.subList(batch.size() / 2, batch.size()));
                } else {
                    log.warn("pool {}: {} cannot be ended, which is tried again: {}", pool, batch, e.getMessage());
                }
            } catch (SdkException e) {
                log.warn("pool {}: {} cannot be ended, which is tried again: {}", pool, batch, e.getMessage());
            }
        }
    }

    private static boolean isUnknown(AwsServiceException e) {
        String code = e.awsErrorDetails() == null ? "" : e.awsErrorDetails().errorCode();
        return UNKNOWN.equals(code) || MALFORMED.equals(code);
    }

    @Override
    public void close() {
        client.close();
    }
}
