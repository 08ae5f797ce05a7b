{
    "name": "Email Marketing CRM",
    "summary": "Segments, journeys, lead scoring and hand-off to sales",
    "version": "19.0.1.0.0",
    "category": "Marketing/Email Marketing",
    "license": "LGPL-3",
    "author": "email_marketing_crm contributors",
    "development_status": "Beta",
    "depends": ["mass_mailing_crm", "web_hierarchy"],
    "external_dependencies": {
        "python": ["email-validator", "dnspython", "flufl.bounce"]
    },
    "data": [
        # security
        "security/res_groups_data.xml",
        "security/ir.model.access.csv",
        "security/marketing_security.xml",
        # data
        "data/marketing_touchpoint_type_data.xml",
        "data/marketing_lifecycle_stage_data.xml",
        "data/marketing_handoff_data.xml",
        "data/marketing_score_data.xml",
        "data/marketing_lane_data.xml",
        "data/ir_cron_data.xml",
        # wizards
        "wizard/marketing_handoff_reject_views.xml",
        "wizard/marketing_segment_add_views.xml",
        "wizard/marketing_journey_wizard_views.xml",
        # views
        "views/marketing_menus.xml",
        "views/marketing_person_views.xml",
        "views/marketing_touchpoint_views.xml",
        "views/marketing_segment_views.xml",
        "views/marketing_score_views.xml",
        "views/marketing_delivery_views.xml",
        "views/mailing_mailing_views.xml",
        "views/marketing_handoff_templates.xml",
        "views/marketing_handoff_views.xml",
        "views/marketing_journey_log_views.xml",
        "views/marketing_journey_participant_views.xml",
        "views/marketing_journey_step_views.xml",
        "views/marketing_journey_version_views.xml",
        "views/marketing_journey_views.xml",
        "views/marketing_lane_views.xml",
        "views/res_partner_views.xml",
        "views/crm_lead_views.xml",
        "views/mailing_contact_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": [
        "demo/marketing_demo.xml",
        "demo/marketing_journey_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "email_marketing_crm/static/src/**/*",
            ("remove", "email_marketing_crm/static/src/journey_tree/**/*"),
        ],
        "web.assets_backend_lazy": [
            "email_marketing_crm/static/src/journey_tree/**/*",
        ],
        "web.assets_tests": [
            "email_marketing_crm/static/tests/tours/**/*",
        ],
    },
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "application": True,
    "installable": True,
}
