package dev.wren.gateway.view;

import dev.wren.gateway.callset.Callset;
import dev.wren.gateway.callset.Callsets;
import dev.wren.gateway.web.Cursor;
import dev.wren.gateway.web.ETags;
import dev.wren.gateway.web.Page;
import dev.wren.gateway.web.ParkedRequests;
import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.openapi.ApiProblems;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.CallsetId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.UriComponentsBuilder;

/** Callsets: lists, shows, cancels, deletes. */
@RestController
final class CallsetController {

    private final Callsets callsets;
    private final ParkedRequests parked;
    private final Owners owners;
    private final CallsetLists lists;

    CallsetController(Callsets callsets, ParkedRequests parked, Owners owners, CallsetLists lists) {
        this.callsets = callsets;
        this.parked = parked;
        this.owners = owners;
        this.lists = lists;
    }

    /** What a list of callsets may be filtered by. */
    enum Progress {
        running,
        done
    }

    @GetMapping(path = "/calls", produces = "application/json")
    @ApiProblems({ProblemType.NOT_ACCEPTABLE, ProblemType.UNAVAILABLE})
    @Operation(operationId = "listCallsets", tags = "calls", summary = "Callsets, newest first",
            description = "A page may have fewer items than asked for, or none, and a next"
                    + " one: a request looks at a bounded number of callsets.")
    @ApiResponse(responseCode = "200", description = "Part of the list.", useReturnTypeSchema = true)
    @Nullable
    ResponseEntity<Page<CallsetView>> list(@RequestAttribute(Tenant.ATTRIBUTE) String tenant,
            @Parameter(description = "only those not done, or only those done") @RequestParam(
                    required = false) @Nullable Progress state,
            @Parameter(description = "only those of this executor") @RequestParam(
                    required = false) @Nullable String executor,
            @Parameter(description = "key:value; several: all must hold") @RequestParam(
                    required = false) @Nullable List<String> tag,
            @Parameter(description = "items, 1 to 1000") @RequestParam(defaultValue = "100") int limit,
            @Parameter(description = "of a next link") @RequestParam(required = false) @Nullable String cursor,
            HttpServletRequest request, HttpServletResponse response) throws IOException {
        List<String> tags = tag == null ? List.of() : tag;
        if (tags.stream().anyMatch(each -> each.indexOf(':') < 1)) {
            throw ProblemException.atParameter(ProblemType.INVALID_REQUEST, "tag", "key:value.");
        }
        String list = "calls " + state + " " + executor + " " + new TreeSet<>(tags);
        String place = Cursor.decode(list, cursor);
        CallsetId after = place == null ? null : CallsetId.parse(place).orElseThrow(Cursor::invalid);
        int wanted = Cursor.limit(limit);
        Predicate<Callset> filter = callset -> (state != Progress.done || callset.isDone())
                && (executor == null || executor.equals(callset.executor()))
                && tags.stream().allMatch(each -> hasTag(callset, each));
        CallsetLists.Part whole = owners.patiently(() -> {
            Owners.Split split = owners.all(request);
            List<CallsetLists.Part> parts = new ArrayList<>();
            if (!split.here().isEmpty()) {
                Callsets.Part part = part(tenant, split.here(), state, filter, after, wanted);
                parts.add(new CallsetLists.Part(part.items().stream()
                        .map(each -> new CallsetLists.Item(each.id(), CallsetView.of(each))).toList(), part.next()));
            }
            if (!split.elsewhere().isEmpty()) {
                parts.addAll(lists.ask(tenant, split, request, list));
            }
            return CallsetLists.merge(parts, wanted);
        });
        lists.write(new Page<>(whole.items().stream().map(CallsetLists.Item::view).toList(),
                next(whole.next(), wanted, state, executor, tags, list)), response);
        return null;
    }

    private Callsets.Part part(String tenant, Set<Integer> shards, @Nullable Progress state,
            Predicate<Callset> filter, @Nullable CallsetId after, int wanted) {
        return state == Progress.running
                ? callsets.listRunning(tenant, shards, filter, after, wanted)
                : callsets.list(tenant, shards, filter, after, wanted);
    }

    private static @Nullable String next(@Nullable CallsetId behind, int wanted, @Nullable Progress state,
            @Nullable String executor, List<String> tags, String list) {
        if (behind == null) {
            return null;
        }
        UriComponentsBuilder uri = UriComponentsBuilder.fromPath("/calls").queryParam("limit", wanted);
        if (state != null) {
            uri.queryParam("state", state);
        }
        if (executor != null) {
            uri.queryParam("executor", "{executor}");
        }
        tags.forEach(_ -> uri.queryParam("tag", "{tag}"));
        uri.queryParam("cursor", Cursor.encode(list, behind.text()));
        List<Object> values = new ArrayList<>();
        if (executor != null) {
            values.add(executor);
        }
        values.addAll(tags);
        return uri.encode().buildAndExpand(values.toArray()).toUriString();
    }

    private static boolean hasTag(Callset callset, String tag) {
        int colon = tag.indexOf(':');
        return tag.substring(colon + 1).equals(callset.settings().tags().get(tag.substring(0, colon)));
    }

    @GetMapping(path = "/calls/{callsetId}", produces = "application/json")
    @ApiProblems(value = ProblemType.TOO_MANY, groups = ApiProblems.Group.READS, tagged = true)
    @Operation(operationId = "getCallset", tags = "calls", summary = "A callset, waiting for it if asked to")
    @ApiResponse(responseCode = "200", description = "Its state.", useReturnTypeSchema = true)
    ResponseEntity<CallsetView> get(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId,
            @Parameter(description = "seconds to wait first; cut to the longest wait",
                    schema = @Schema(type = "number", minimum = "0")) @RequestParam(
                            required = false) @Nullable String wait,
            @Parameter(description = "what to wait for") @RequestParam(
                    defaultValue = "ALL_COMPLETED") ReturnWhen returnWhen)
            throws InterruptedException {
        Callset callset = callsets.get(tenant, callsetId);
        Duration timeout = parked.seconds(wait, "wait", Duration.ZERO);
        switch (returnWhen) {
            case ALL_COMPLETED -> parked.park(timeout, callset.state()::awaitDone);
            case ANY_COMPLETED -> parked.park(timeout,
                    left -> callset.state()
                            .awaitChange(() -> callset.size() == 0 || callset.state().counts().ended() > 0, left));
            case ALWAYS -> {
            }
        }
        Lookup.require(callset);
        CallsetView view = CallsetView.of(callset);
        ResponseEntity.BodyBuilder answer = ResponseEntity.ok();
        if (view.done()) {
            ETags.tag(answer, callset.id().text());
        }
        return answer.body(view);
    }

    @PostMapping(path = "/calls/{callsetId}/cancel", produces = "application/json")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @ApiProblems(groups = ApiProblems.Group.READS)
    @Operation(operationId = "cancelCallset", tags = "calls", summary = "Cancel all calls that have not ended",
            description = "They are cancelled when the answer comes, for good; those that run are stopped.")
    @ApiResponse(responseCode = "202", description = "The callset.", useReturnTypeSchema = true)
    CallsetView cancel(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId)
            throws InterruptedException {
        Callset callset = callsets.get(tenant, callsetId);
        if (!parked.hold(parked.longest(), callset::cancel)) {
            throw Lookup.notYetCancelled();
        }
        Lookup.require(callset);
        return CallsetView.of(callset);
    }

    @DeleteMapping("/calls/{callsetId}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @ApiProblems({ProblemType.NOT_FOUND, ProblemType.UNAVAILABLE})
    @Operation(operationId = "deleteCallset", tags = "calls", summary = "Cancel what runs, and delete everything")
    @ApiResponse(responseCode = "204", description = "Gone.")
    void delete(@RequestAttribute(Tenant.ATTRIBUTE) String tenant, @PathVariable String callsetId) {
        callsets.delete(tenant, callsetId);
    }
}
