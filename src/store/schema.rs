//! The tables as diesel sees them. Generated from the migrated database by `UPDATE_SCHEMA=1 cargo test schema_rs`.

diesel::table! {
    access_entry (partnership_id, position) {
        partnership_id -> Uuid,
        position -> Int8,
        at -> Timestamptz,
        access_id -> Uuid,
        leaf -> Bytea,
        link -> Bytea,
    }
}

diesel::table! {
    access_event (partnership_id, at, id) {
        partnership_id -> Uuid,
        at -> Timestamptz,
        id -> Uuid,
        actor_agency_id -> Nullable<Uuid>,
        actor_role -> Text,
        actor_client_id -> Uuid,
        actor_subject -> Text,
        operation -> Text,
        purpose -> Nullable<Text>,
        fields -> Text,
        escalation_ids -> Array<Uuid>,
        row_count -> Int4,
        request_id -> Text,
        leaf -> Bytea,
    }
}

diesel::table! {
    access_head (partnership_id) {
        partnership_id -> Uuid,
        position -> Int8,
        link -> Bytea,
        sequenced_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    access_pending (partnership_id, number) {
        partnership_id -> Uuid,
        number -> Int8,
        at -> Timestamptz,
        access_id -> Uuid,
        leaf -> Bytea,
        written_at -> Timestamptz,
    }
}

diesel::table! {
    access_seen (partnership_id, escalation_id, at, access_id) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        at -> Timestamptz,
        access_id -> Uuid,
    }
}

diesel::table! {
    agency (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        code -> Text,
        name -> Text,
        agency_type -> Text,
        aliases -> Array<Text>,
        may_raise -> Bool,
        may_respond -> Bool,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        successor_id -> Nullable<Uuid>,
        free_text_policy -> Text,
    }
}

diesel::table! {
    calendar (partnership_id, version) {
        partnership_id -> Uuid,
        version -> Text,
        nation -> Text,
        first_year -> Int4,
        last_year -> Int4,
        source -> Text,
        loaded_at -> Timestamptz,
        dates_sha256 -> Nullable<Text>,
    }
}

diesel::table! {
    calendar_day (partnership_id, version, day) {
        partnership_id -> Uuid,
        version -> Text,
        day -> Date,
        name -> Text,
    }
}

diesel::table! {
    checkpoint (partnership_id, number) {
        partnership_id -> Uuid,
        number -> Int8,
        at -> Timestamptz,
        note -> Text,
    }
}

diesel::table! {
    child_data_key (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        child_key -> Nullable<Bytea>,
        created_at -> Timestamptz,
        root_id -> Nullable<Text>,
        wrapped -> Nullable<Bytea>,
        wrapped_at -> Nullable<Timestamptz>,
        destroyed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    client (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        issuer -> Text,
        client_id -> Text,
        agency_id -> Nullable<Uuid>,
        role -> Text,
        name -> Text,
        created_at -> Timestamptz,
        disabled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    delay (partnership_id, escalation_id) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        timescale_code -> Text,
        timescale_version -> Text,
        time_limit -> Nullable<Jsonb>,
        started_at -> Timestamptz,
        due_at -> Nullable<Timestamptz>,
        occurred_at -> Nullable<Timestamptz>,
        cause -> Nullable<Text>,
        calendar_version -> Text,
    }
}

diesel::table! {
    episode (partnership_id, escalation_id, number) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        number -> Int2,
        opened_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        outcome -> Nullable<Text>,
        counts_as_resolved -> Nullable<Bool>,
        child_outcome -> Nullable<Text>,
        delay_effect -> Nullable<Text>,
        working_seconds -> Nullable<Int8>,
        same_day -> Nullable<Bool>,
        calendar_version -> Nullable<Text>,
        withdrawal_reason -> Nullable<Text>,
        reroute_code -> Nullable<Text>,
        details -> Nullable<Jsonb>,
        feedback_at -> Nullable<Timestamptz>,
        learning_type -> Nullable<Text>,
        impact_result -> Nullable<Text>,
        impact_checked_at -> Nullable<Timestamptz>,
        child_seconds -> Nullable<Int8>,
    }
}

diesel::table! {
    erased_escalation (partnership_id, erasure_id, escalation_id) {
        partnership_id -> Uuid,
        erasure_id -> Uuid,
        escalation_id -> Uuid,
        whole -> Bool,
        references_erased -> Int4,
        texts_erased -> Int4,
        external_ids_erased -> Int4,
    }
}

diesel::table! {
    erasure (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        target -> Text,
        escalation_id -> Nullable<Uuid>,
        child_key -> Nullable<Bytea>,
        ground -> Text,
        authority -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    erasure_decision (partnership_id, erasure_id) {
        partnership_id -> Uuid,
        erasure_id -> Uuid,
        decision -> Text,
        reason -> Nullable<Text>,
        keys_destroyed -> Nullable<Int4>,
        backups_until -> Nullable<Date>,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    escalation (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        version -> Int4,
        reference -> Text,
        scope -> Text,
        raised_by_agency_id -> Uuid,
        raised_with_agency_id -> Uuid,
        urgency -> Text,
        theme_code -> Text,
        secondary_themes -> Array<Text>,
        source -> Nullable<Text>,
        external_reference -> Nullable<Text>,
        child_count -> Int4,
        concern_arose_at -> Nullable<Timestamptz>,
        raised_at -> Timestamptz,
        received_at -> Timestamptz,
        child_impact -> Nullable<Text>,
        interim_safety -> Nullable<Text>,
        emergency_action_taken_at -> Nullable<Timestamptz>,
        raised_by_role -> Nullable<Text>,
        policy_version -> Text,
        status -> Text,
        stage -> Int2,
        episode -> Int2,
        changed_at -> Timestamptz,
        next_due_at -> Nullable<Timestamptz>,
        next_due_clock_id -> Nullable<Uuid>,
        raiser_visibility -> Text,
        original_theme_code -> Nullable<Text>,
        past_responder_ids -> Array<Uuid>,
        next_due_kind -> Nullable<Text>,
        rule_state -> Jsonb,
    }
}

diesel::table! {
    escalation_child (partnership_id, escalation_id, position) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        position -> Int2,
        scheme -> Text,
        child_key -> Nullable<Bytea>,
        ciphertext -> Nullable<Bytea>,
    }
}

diesel::table! {
    escalation_link (partnership_id, escalation_id, position) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        position -> Int2,
        kind -> Text,
        to_escalation_id -> Uuid,
        linked_at -> Timestamptz,
    }
}

diesel::table! {
    event (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        escalation_id -> Uuid,
        version -> Int4,
        event_type -> Text,
        occurred_at -> Timestamptz,
        recorded_at -> Timestamptz,
        actor_agency_id -> Nullable<Uuid>,
        actor_role -> Text,
        actor_client_id -> Nullable<Uuid>,
        actor_subject -> Text,
        data -> Jsonb,
        leaf -> Nullable<Bytea>,
        text_hashes -> Nullable<Jsonb>,
    }
}

diesel::table! {
    event_text (partnership_id, escalation_id, version, field) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        version -> Int4,
        field -> Text,
        body -> Text,
        salt -> Bytea,
    }
}

diesel::table! {
    export_record (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        agency_id -> Nullable<Uuid>,
        purpose -> Text,
        format -> Text,
        filters -> Text,
        row_count -> Int4,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    external_id (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        escalation_id -> Uuid,
        agency_id -> Uuid,
        system -> Text,
        kind -> Text,
        value -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
        removed_at -> Nullable<Timestamptz>,
        removed_by_role -> Nullable<Text>,
        removed_by_client_id -> Nullable<Uuid>,
        removed_by_subject -> Nullable<Text>,
    }
}

diesel::table! {
    feed_agreement (partnership_id, agency_id, version) {
        partnership_id -> Uuid,
        agency_id -> Uuid,
        version -> Int4,
        every_hours -> Nullable<Int4>,
        reason -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    feed_entry (partnership_id, position) {
        partnership_id -> Uuid,
        position -> Int8,
        escalation_id -> Uuid,
        event_id -> Nullable<Uuid>,
        timer_id -> Nullable<Uuid>,
        version -> Nullable<Int4>,
        previous_version -> Nullable<Int4>,
        leaf -> Bytea,
        link -> Bytea,
    }
}

diesel::table! {
    feed_head (partnership_id) {
        partnership_id -> Uuid,
        position -> Int8,
        link -> Bytea,
        sequenced_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    feed_pending (partnership_id, number) {
        partnership_id -> Uuid,
        number -> Int8,
        escalation_id -> Uuid,
        event_id -> Nullable<Uuid>,
        timer_id -> Nullable<Uuid>,
        written_at -> Timestamptz,
    }
}

diesel::table! {
    figure_exclusion (partnership_id, escalation_id, number) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        number -> Int4,
        step -> Text,
        reason -> Text,
        by_role -> Text,
        by_client_id -> Uuid,
        by_subject -> Text,
        recorded_at -> Timestamptz,
        episode -> Int2,
    }
}

diesel::table! {
    heartbeat (partnership_id, agency_id, hour) {
        partnership_id -> Uuid,
        agency_id -> Uuid,
        hour -> Int8,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    holding (partnership_id, escalation_id, position) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        position -> Int2,
        holder -> Text,
        agency_id -> Nullable<Uuid>,
        from_at -> Timestamptz,
        to_at -> Nullable<Timestamptz>,
        until_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    idempotency_key (partnership_id, client_id, key_hash) {
        partnership_id -> Uuid,
        client_id -> Uuid,
        key_hash -> Bytea,
        meaning -> Bytea,
        escalation_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    import_job (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        agency_id -> Uuid,
        state -> Text,
        failure -> Nullable<Text>,
        dry_run -> Bool,
        mode -> Text,
        format -> Text,
        row_count -> Int4,
        column_notes -> Jsonb,
        key_hash -> Nullable<Bytea>,
        meaning -> Nullable<Bytea>,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        emptied_at -> Nullable<Timestamptz>,
        lease_holder -> Nullable<Uuid>,
        lease_until -> Nullable<Timestamptz>,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    import_row (partnership_id, import_id, number) {
        partnership_id -> Uuid,
        import_id -> Uuid,
        number -> Int4,
        line -> Int4,
        payload -> Nullable<Bytea>,
        status -> Nullable<Text>,
        faults -> Nullable<Jsonb>,
        escalation_id -> Nullable<Uuid>,
        escalation_reference -> Nullable<Text>,
        warnings -> Nullable<Jsonb>,
    }
}

diesel::table! {
    legal_hold (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        scope -> Text,
        escalation_id -> Nullable<Uuid>,
        child_key -> Nullable<Bytea>,
        reason -> Text,
        authority -> Text,
        held_from -> Date,
        held_until -> Nullable<Date>,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    legal_hold_lift (partnership_id, hold_id) {
        partnership_id -> Uuid,
        hold_id -> Uuid,
        reason -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    login_attempt (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Bytea,
        state -> Text,
        nonce -> Text,
        pkce_verifier -> Text,
        return_to -> Text,
        must_be_fresh -> Bool,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    nil_return (partnership_id, agency_id, week) {
        partnership_id -> Uuid,
        agency_id -> Uuid,
        week -> Date,
        signed_as -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    partnership (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        created_at -> Timestamptz,
        agreements -> Text,
    }
}

diesel::table! {
    partnership_key (partnership_id) {
        partnership_id -> Uuid,
        created_at -> Timestamptz,
        root_id -> Nullable<Text>,
        wrapped -> Nullable<Bytea>,
        wrapped_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    practice_record (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        kind -> Text,
        by_agency_id -> Uuid,
        about_agency_id -> Uuid,
        theme_code -> Text,
        urgency -> Nullable<Text>,
        note -> Nullable<Text>,
        occurred_at -> Timestamptz,
        recorded_at -> Timestamptz,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
        source -> Nullable<Text>,
        external_reference -> Nullable<Text>,
    }
}

diesel::table! {
    public_release (partnership_id, quarter) {
        partnership_id -> Uuid,
        from_week -> Date,
        to_week -> Date,
        quarter -> Text,
        profile -> Text,
        data_to -> Timestamptz,
        pack -> Text,
        sha256 -> Text,
        releaser -> Text,
        checked -> Text,
        released_at -> Timestamptz,
        released_by_role -> Text,
        released_by_client_id -> Uuid,
        released_by_subject -> Text,
    }
}

diesel::table! {
    rebase (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        charts -> Array<Text>,
        first_week -> Date,
        reason -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    rebase_withdrawal (partnership_id, rebase_id) {
        partnership_id -> Uuid,
        rebase_id -> Uuid,
        reason -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    report_token (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        client_id -> Uuid,
        secret_sha256 -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    report_token_revocation (partnership_id, token_id) {
        partnership_id -> Uuid,
        token_id -> Uuid,
        revoked_at -> Timestamptz,
    }
}

diesel::table! {
    review_action (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        week -> Date,
        title -> Text,
        owner_agency_id -> Uuid,
        owner_role -> Text,
        plan_reference -> Nullable<Text>,
        learning_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    review_action_state (partnership_id, action_id, version) {
        partnership_id -> Uuid,
        action_id -> Uuid,
        version -> Int4,
        progress -> Text,
        impact -> Nullable<Text>,
        due_on -> Date,
        note -> Nullable<Text>,
        evidence -> Nullable<Text>,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    review_learning (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        week -> Date,
        body -> Text,
        group_code -> Nullable<Text>,
        theme_code -> Nullable<Text>,
        escalations -> Array<Uuid>,
        said_by_agency_id -> Uuid,
        said_by_role -> Text,
        plan_reference -> Nullable<Text>,
        figure -> Nullable<Text>,
        direction -> Nullable<Text>,
        remeasure_week -> Nullable<Date>,
        baseline -> Nullable<Jsonb>,
        definitions_version -> Nullable<Int4>,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    review_learning_result (partnership_id, learning_id) {
        partnership_id -> Uuid,
        learning_id -> Uuid,
        result -> Text,
        value -> Nullable<Float8>,
        definitions_version -> Int4,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    review_setting (partnership_id, version) {
        partnership_id -> Uuid,
        version -> Int4,
        effective_from -> Date,
        target_in_time -> Float8,
        target_days -> Float8,
        lock_after -> Int4,
        enough_points -> Int4,
        run_length -> Int4,
        screen_outliers -> Bool,
        rules -> Array<Text>,
        reason -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    review_sign_off (partnership_id, week, version) {
        partnership_id -> Uuid,
        week -> Date,
        version -> Int4,
        data_to -> Timestamptz,
        pack -> Text,
        sha256 -> Text,
        definitions_version -> Int4,
        answers -> Jsonb,
        decisions -> Array<Text>,
        reason -> Nullable<Text>,
        as_deputy -> Bool,
        signed_at -> Timestamptz,
        signed_by_role -> Text,
        signed_by_client_id -> Uuid,
        signed_by_subject -> Text,
        attendance -> Jsonb,
        checks -> Jsonb,
        next_meeting_on -> Nullable<Date>,
    }
}

diesel::table! {
    sharing_agreement (partnership_id, agency_id, reference) {
        partnership_id -> Uuid,
        agency_id -> Uuid,
        reference -> Text,
        lawful_basis -> Text,
        in_force_from -> Date,
        in_force_until -> Date,
        replaces -> Nullable<Text>,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    source_record (partnership_id, escalation_id, number) {
        partnership_id -> Uuid,
        escalation_id -> Uuid,
        number -> Int4,
        source_version -> Nullable<Int8>,
        theme_code -> Text,
        urgency -> Text,
        timescale_code -> Nullable<Text>,
        started_at -> Nullable<Timestamptz>,
        occurred_at -> Nullable<Timestamptz>,
        cause -> Nullable<Text>,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    stage_clock (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        escalation_id -> Uuid,
        episode -> Int2,
        stage -> Int2,
        kind -> Text,
        urgency -> Text,
        time_limit -> Jsonb,
        started_at -> Timestamptz,
        due_at -> Timestamptz,
        policy_version -> Text,
        calendar_version -> Text,
        extends_id -> Nullable<Uuid>,
        stopped_at -> Nullable<Timestamptz>,
        stop_reason -> Nullable<Text>,
        position -> Int4,
        basis -> Nullable<Jsonb>,
        recorded_at -> Nullable<Timestamptz>,
        stop_recorded_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    stage_policy (partnership_id, version) {
        partnership_id -> Uuid,
        version -> Text,
        effective_from -> Date,
        document -> Jsonb,
        applied_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sweep (partnership_id) {
        partnership_id -> Uuid,
        lease_holder -> Nullable<Uuid>,
        lease_until -> Nullable<Timestamptz>,
        last_started_at -> Timestamptz,
        last_finished_at -> Nullable<Timestamptz>,
        last_fired -> Nullable<Int4>,
    }
}

diesel::table! {
    theme (partnership_id, code) {
        partnership_id -> Uuid,
        code -> Text,
        group_code -> Text,
        group_label -> Text,
        label -> Text,
        description -> Text,
        position -> Int4,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
    }
}

diesel::table! {
    timer (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        escalation_id -> Uuid,
        clock_id -> Uuid,
        kind -> Text,
        percent -> Nullable<Int2>,
        fires_at -> Timestamptz,
        fired_at -> Nullable<Timestamptz>,
        result -> Nullable<Text>,
        notice -> Nullable<Text>,
        told -> Nullable<Array<Text>>,
        tell_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    timescale (partnership_id, code, version) {
        partnership_id -> Uuid,
        code -> Text,
        version -> Text,
        label -> Text,
        time_limit -> Nullable<Jsonb>,
        starts -> Text,
        stops -> Text,
        basis -> Text,
        source -> Text,
        verified_against_wt2026 -> Bool,
        effective_from -> Date,
        applied_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    web_session (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Bytea,
        issuer -> Text,
        subject -> Text,
        registered_as -> Text,
        role -> Text,
        agency_id -> Nullable<Uuid>,
        display_name -> Text,
        auth_time -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
    }
}

diesel::table! {
    webhook_act (partnership_id, number) {
        partnership_id -> Uuid,
        number -> Int8,
        endpoint_id -> Uuid,
        act -> Text,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    webhook_attempt (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        delivery -> Int8,
        at -> Timestamptz,
        took_ms -> Int4,
        outcome -> Text,
        status -> Nullable<Int2>,
    }
}

diesel::table! {
    webhook_delivery (partnership_id, number) {
        partnership_id -> Uuid,
        number -> Int8,
        endpoint_id -> Uuid,
        escalation_id -> Uuid,
        position -> Int8,
        replay -> Int4,
        state -> Text,
        failed -> Int2,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhook_endpoint (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        agency_id -> Nullable<Uuid>,
        url -> Text,
        event_types -> Nullable<Array<Text>>,
        scheme -> Text,
        state -> Text,
        disabled_because -> Nullable<Text>,
        disabled_at -> Nullable<Timestamptz>,
        version -> Int4,
        position -> Int8,
        failing_since -> Nullable<Timestamptz>,
        last_delivered_at -> Nullable<Timestamptz>,
        recorded_at -> Timestamptz,
        recorded_by_role -> Text,
        recorded_by_client_id -> Uuid,
        recorded_by_subject -> Text,
    }
}

diesel::table! {
    webhook_key (partnership_id, id) {
        partnership_id -> Uuid,
        id -> Uuid,
        endpoint_id -> Uuid,
        scheme -> Text,
        sealed -> Bytea,
        public_key -> Nullable<Text>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhook_lane (partnership_id, endpoint_id, escalation_id) {
        partnership_id -> Uuid,
        endpoint_id -> Uuid,
        escalation_id -> Uuid,
        next_at -> Nullable<Timestamptz>,
        lease_until -> Nullable<Timestamptz>,
        lease_token -> Nullable<Uuid>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    access_entry,
    access_event,
    access_head,
    access_pending,
    access_seen,
    agency,
    calendar,
    calendar_day,
    checkpoint,
    child_data_key,
    client,
    delay,
    episode,
    erased_escalation,
    erasure,
    erasure_decision,
    escalation,
    escalation_child,
    escalation_link,
    event,
    event_text,
    export_record,
    external_id,
    feed_agreement,
    feed_entry,
    feed_head,
    feed_pending,
    figure_exclusion,
    heartbeat,
    holding,
    idempotency_key,
    import_job,
    import_row,
    legal_hold,
    legal_hold_lift,
    login_attempt,
    nil_return,
    partnership,
    partnership_key,
    practice_record,
    public_release,
    rebase,
    rebase_withdrawal,
    report_token,
    report_token_revocation,
    review_action,
    review_action_state,
    review_learning,
    review_learning_result,
    review_setting,
    review_sign_off,
    sharing_agreement,
    source_record,
    stage_clock,
    stage_policy,
    sweep,
    theme,
    timer,
    timescale,
    web_session,
    webhook_act,
    webhook_attempt,
    webhook_delivery,
    webhook_endpoint,
    webhook_key,
    webhook_lane,
);
